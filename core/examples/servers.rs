//! Prints docs/servers.md with the table of a server's states as it is.

fn main() {
    let page = evenkeel_core::backend::renew_page(include_str!("../../docs/servers.md"));
    print!("{}", page.expect("docs/servers.md says where its table begins and ends"));
}
