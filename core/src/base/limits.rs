//! Every bound in the core, in one place.

/// Bytes handed to a connection and not yet taken by its peer above which the other side stops reading.
pub const UNSENT_HIGH: usize = 64 * 1024;

/// Bytes of pipelined requests kept while an answer is on its way; beyond, the client is not read.
pub const PIPELINED_MAX: usize = 16 * 1024;

/// Body bytes copied behind a head so that both leave in one send; longer bodies are sent uncopied.
pub const COPY_BEHIND_HEAD_MAX: usize = 4 * 1024;

/// A body at least this much longer than what arrived with its head is relayed by the shell.
pub const RELAY_MIN: u64 = 4 * 1024;

/// Header fields in one message (`tune.http.maxhdr`, configuration manual 3.2).
pub const FIELDS_MAX: usize = 101;

/// Streams kept for re-use by a worker; their buffers are warm, so a plain request allocates nothing.
pub const SPARE_STREAMS_MAX: usize = 256;

/// Bytes of body or trailer an answering health check may send before its result is decided.
pub const CHECK_ANSWER_MAX: usize = 16 * 1024;

/// Programs that check servers (`external-check`) and run at one time; checks beyond wait for one to end.
pub const PROGRAMS_MAX: usize = 128;

/// Most sockets of one `bind` line, port ranges spread out: every port of both families, twice.
pub const BIND_ADDRESSES_MAX: usize = 4 * 65_535;

/// Bytes of a request line that a log line shows (`tune.http.logurilen` less its terminator).
pub const LOG_URI_MAX: usize = 1023;

/// Most weight of a server (`weight`, configuration manual 5.2).
pub const WEIGHT_MAX: u32 = 256;

/// Bytes of one compiled regular expression of a check.
pub const CHECK_REGEX_BYTES_MAX: usize = 1024 * 1024;

/// Bytes that a check of one server keeps for its next answer.
pub const CHECK_MEMORY_MAX: usize = 1024;

/// Bytes of one variable of a check (`set-var`): as much as an answer has.
pub const VARIABLES_BYTES_MAX: usize = CHECK_ANSWER_MAX;

/// Bytes of the words about one check's result that come from a format or from the server.
pub const CHECK_WORDS_MAX: usize = 127;

/// Parts of a weight in which `slowstart` grows; each is a point on the ring of consistent hashing.
pub const WEIGHT_PARTS: u32 = RING_POINTS_PER_WEIGHT;

/// Bytes of an `errorfile`: it must fit one buffer.
pub const ERROR_PAGE_MAX: usize = 16_384;

/// Bytes of one line of a configuration.
pub const CONFIG_LINE_MAX: usize = 1024 * 1024;

/// Problems told about one configuration; beyond, only that there are more.
pub const PROBLEMS_MAX: usize = 100;

/// Keys that one request or response stores in stick tables (configuration manual 4.2, `stick store-request`).
pub const STICK_STORES_MAX: usize = 8;

/// Idle connections kept per server and worker beyond as many as were lately in use at once.
pub const IDLE_SPARE: usize = 8;

/// Points that a server has on the ring of consistent hashing for each step of its weight. HAProxy's number:
/// keys go to the same servers only with the same points.
pub const RING_POINTS_PER_WEIGHT: u32 = 16;

/// How far apart the numbers are from which two servers' points are made: the most points of one server.
pub const RING_SERVER_SPAN: u32 = 4096;

/// Most points looked at around the ring of consistent hashing for one request, where servers are to be avoided,
/// are full or have their share. A ring of fewer points is searched whole.
pub const RING_WALK_MAX: usize = 4096;

/// Most servers that `balance random` looks at for one request.
pub const RANDOM_DRAWS_MAX: u32 = 256;

/// Bytes of one file of ACL patterns.
pub const PATTERN_FILE_MAX: usize = 64 * 1024 * 1024;
