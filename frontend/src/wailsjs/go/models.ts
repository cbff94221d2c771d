export namespace api {
	
	export class Cell {
	    k: string;
	    v: string;
	
	    static createFrom(source: any = {}) {
	        return new Cell(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.k = source["k"];
	        this.v = source["v"];
	    }
	}
	export class Check {
	    name: string;
	    state: string;
	    detail: string;
	
	    static createFrom(source: any = {}) {
	        return new Check(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.state = source["state"];
	        this.detail = source["detail"];
	    }
	}
	export class Column {
	    name: string;
	    type: string;
	    nullable: boolean;
	    default: string;
	    primary_key: boolean;
	
	    static createFrom(source: any = {}) {
	        return new Column(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.type = source["type"];
	        this.nullable = source["nullable"];
	        this.default = source["default"];
	        this.primary_key = source["primary_key"];
	    }
	}
	export class NamedArg {
	    name: string;
	    value: Cell;
	
	    static createFrom(source: any = {}) {
	        return new NamedArg(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.value = this.convertValues(source["value"], Cell);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class CompareRequest {
	    namespace: string;
	    sql: string;
	    args: Cell[];
	    named: NamedArg[];
	
	    static createFrom(source: any = {}) {
	        return new CompareRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.sql = source["sql"];
	        this.args = this.convertValues(source["args"], Cell);
	        this.named = this.convertValues(source["named"], NamedArg);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class ComparedLine {
	    rows: Cell[][];
	    differs: number[];
	
	    static createFrom(source: any = {}) {
	        return new ComparedLine(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.rows = this.convertValues(source["rows"], Cell);
	        this.differs = source["differs"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Provenance {
	    level: string;
	    served_by: string;
	    leader: string;
	    group: string;
	    index: string;
	    leader_index: string;
	    age_ms: number;
	    how: string;
	    path: string;
	    elapsed_ms: number;
	
	    static createFrom(source: any = {}) {
	        return new Provenance(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.level = source["level"];
	        this.served_by = source["served_by"];
	        this.leader = source["leader"];
	        this.group = source["group"];
	        this.index = source["index"];
	        this.leader_index = source["leader_index"];
	        this.age_ms = source["age_ms"];
	        this.how = source["how"];
	        this.path = source["path"];
	        this.elapsed_ms = source["elapsed_ms"];
	    }
	}
	export class ComparedOne {
	    node: string;
	    name: string;
	    standing: string;
	    behind: string;
	    rows: number;
	    first: Provenance;
	    second: Provenance;
	    twice: boolean;
	    error: string;
	
	    static createFrom(source: any = {}) {
	        return new ComparedOne(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.node = source["node"];
	        this.name = source["name"];
	        this.standing = source["standing"];
	        this.behind = source["behind"];
	        this.rows = source["rows"];
	        this.first = this.convertValues(source["first"], Provenance);
	        this.second = this.convertValues(source["second"], Provenance);
	        this.twice = source["twice"];
	        this.error = source["error"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Comparison {
	    verdict: string;
	    index: string;
	    match: string;
	    columns: string[];
	    nodes: ComparedOne[];
	    lines: ComparedLine[];
	    same: number;
	    at: string;
	    elapsed_ms: number;
	
	    static createFrom(source: any = {}) {
	        return new Comparison(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.verdict = source["verdict"];
	        this.index = source["index"];
	        this.match = source["match"];
	        this.columns = source["columns"];
	        this.nodes = this.convertValues(source["nodes"], ComparedOne);
	        this.lines = this.convertValues(source["lines"], ComparedLine);
	        this.same = source["same"];
	        this.at = source["at"];
	        this.elapsed_ms = source["elapsed_ms"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class ConfigValue {
	    name: string;
	    value: string;
	    origin: string;
	    help: string;
	
	    static createFrom(source: any = {}) {
	        return new ConfigValue(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.value = source["value"];
	        this.origin = source["origin"];
	        this.help = source["help"];
	    }
	}
	export class DataImport {
	    namespace: string;
	    kind: string;
	    existing: string;
	    file_id: string;
	    replace: boolean;
	
	    static createFrom(source: any = {}) {
	        return new DataImport(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.kind = source["kind"];
	        this.existing = source["existing"];
	        this.file_id = source["file_id"];
	        this.replace = source["replace"];
	    }
	}
	export class File {
	    id: string;
	    name: string;
	    size: string;
	    fetch: boolean;
	
	    static createFrom(source: any = {}) {
	        return new File(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.size = source["size"];
	        this.fetch = source["fetch"];
	    }
	}
	export class ForeignKey {
	    table: string;
	    target: string;
	    from: string[];
	    to: string[];
	    on_update: string;
	    on_delete: string;
	
	    static createFrom(source: any = {}) {
	        return new ForeignKey(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.table = source["table"];
	        this.target = source["target"];
	        this.from = source["from"];
	        this.to = source["to"];
	        this.on_update = source["on_update"];
	        this.on_delete = source["on_delete"];
	    }
	}
	export class Group {
	    name: string;
	    awake: boolean;
	    state: string;
	    leader: string;
	    index: string;
	    commit_index: string;
	    size: string;
	
	    static createFrom(source: any = {}) {
	        return new Group(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.awake = source["awake"];
	        this.state = source["state"];
	        this.leader = source["leader"];
	        this.index = source["index"];
	        this.commit_index = source["commit_index"];
	        this.size = source["size"];
	    }
	}
	export class HeldTable {
	    name: string;
	    rows: string;
	
	    static createFrom(source: any = {}) {
	        return new HeldTable(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.rows = source["rows"];
	    }
	}
	export class KVCount {
	    count: number;
	    more: boolean;
	
	    static createFrom(source: any = {}) {
	        return new KVCount(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.count = source["count"];
	        this.more = source["more"];
	    }
	}
	export class Holding {
	    tables: HeldTable[];
	    keys: KVCount;
	    nodes: number;
	    size: number;
	
	    static createFrom(source: any = {}) {
	        return new Holding(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.tables = this.convertValues(source["tables"], HeldTable);
	        this.keys = this.convertValues(source["keys"], KVCount);
	        this.nodes = source["nodes"];
	        this.size = source["size"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Index {
	    name: string;
	    unique: boolean;
	    columns: string[];
	    sql: string;
	
	    static createFrom(source: any = {}) {
	        return new Index(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.unique = source["unique"];
	        this.columns = source["columns"];
	        this.sql = source["sql"];
	    }
	}
	export class Info {
	    version: string;
	    commit: string;
	    mode: string;
	    data_dir: string;
	    state: string;
	    failure: string;
	    started_at: string;
	
	    static createFrom(source: any = {}) {
	        return new Info(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.version = source["version"];
	        this.commit = source["commit"];
	        this.mode = source["mode"];
	        this.data_dir = source["data_dir"];
	        this.state = source["state"];
	        this.failure = source["failure"];
	        this.started_at = source["started_at"];
	    }
	}
	export class Joining {
	    phase: string;
	    detail: string;
	    done: string;
	    total: string;
	
	    static createFrom(source: any = {}) {
	        return new Joining(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.phase = source["phase"];
	        this.detail = source["detail"];
	        this.done = source["done"];
	        this.total = source["total"];
	    }
	}
	
	export class KVEntry {
	    key: string;
	    size: number;
	    version: string;
	    updated_at: string;
	    expires_at: string;
	
	    static createFrom(source: any = {}) {
	        return new KVEntry(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.key = source["key"];
	        this.size = source["size"];
	        this.version = source["version"];
	        this.updated_at = source["updated_at"];
	        this.expires_at = source["expires_at"];
	    }
	}
	export class KVItem {
	    key: string;
	    value_base64: string;
	    size: number;
	    version: string;
	    updated_at: string;
	    expires_at: string;
	    provenance: Provenance;
	
	    static createFrom(source: any = {}) {
	        return new KVItem(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.key = source["key"];
	        this.value_base64 = source["value_base64"];
	        this.size = source["size"];
	        this.version = source["version"];
	        this.updated_at = source["updated_at"];
	        this.expires_at = source["expires_at"];
	        this.provenance = this.convertValues(source["provenance"], Provenance);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class KVPage {
	    items: KVEntry[];
	    prefixes: string[];
	    next: string;
	    provenance: Provenance;
	
	    static createFrom(source: any = {}) {
	        return new KVPage(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.items = this.convertValues(source["items"], KVEntry);
	        this.prefixes = source["prefixes"];
	        this.next = source["next"];
	        this.provenance = this.convertValues(source["provenance"], Provenance);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class KVWritten {
	    version: string;
	    deleted: boolean;
	    provenance: Provenance;
	
	    static createFrom(source: any = {}) {
	        return new KVWritten(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.version = source["version"];
	        this.deleted = source["deleted"];
	        this.provenance = this.convertValues(source["provenance"], Provenance);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Limit {
	    name: string;
	    value: string;
	    why: string;
	    key: string;
	
	    static createFrom(source: any = {}) {
	        return new Limit(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.value = source["value"];
	        this.why = source["why"];
	        this.key = source["key"];
	    }
	}
	export class ListRequest {
	    namespace: string;
	    prefix: string;
	    separator: string;
	    cursor: string;
	    level: string;
	    limit: number;
	
	    static createFrom(source: any = {}) {
	        return new ListRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.prefix = source["prefix"];
	        this.separator = source["separator"];
	        this.cursor = source["cursor"];
	        this.level = source["level"];
	        this.limit = source["limit"];
	    }
	}
	export class LiveRequest {
	    id: string;
	    seq: number;
	    query: CompareRequest;
	
	    static createFrom(source: any = {}) {
	        return new LiveRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.seq = source["seq"];
	        this.query = this.convertValues(source["query"], CompareRequest);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class LiveRow {
	    from: number;
	    cells: Cell[];
	    altered: number[];
	
	    static createFrom(source: any = {}) {
	        return new LiveRow(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.from = source["from"];
	        this.cells = this.convertValues(source["cells"], Cell);
	        this.altered = source["altered"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class LiveState {
	    seq: number;
	    changed: boolean;
	    whole: boolean;
	    gap: boolean;
	    index: string;
	    columns: string[];
	    types: string[];
	    rows: LiveRow[];
	    added: number;
	    altered: number;
	    removed: number;
	    keyed: boolean;
	    provenance: Provenance;
	
	    static createFrom(source: any = {}) {
	        return new LiveState(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.seq = source["seq"];
	        this.changed = source["changed"];
	        this.whole = source["whole"];
	        this.gap = source["gap"];
	        this.index = source["index"];
	        this.columns = source["columns"];
	        this.types = source["types"];
	        this.rows = this.convertValues(source["rows"], LiveRow);
	        this.added = source["added"];
	        this.altered = source["altered"];
	        this.removed = source["removed"];
	        this.keyed = source["keyed"];
	        this.provenance = this.convertValues(source["provenance"], Provenance);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class LogLine {
	    seq: string;
	    time: string;
	    level: string;
	    part: string;
	    message: string;
	    attrs: Record<string, string>;
	
	    static createFrom(source: any = {}) {
	        return new LogLine(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.seq = source["seq"];
	        this.time = source["time"];
	        this.level = source["level"];
	        this.part = source["part"];
	        this.message = source["message"];
	        this.attrs = source["attrs"];
	    }
	}
	export class LogQuery {
	    after: string;
	    limit: number;
	    level: string;
	    part: string;
	    search: string;
	
	    static createFrom(source: any = {}) {
	        return new LogQuery(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.after = source["after"];
	        this.limit = source["limit"];
	        this.level = source["level"];
	        this.part = source["part"];
	        this.search = source["search"];
	    }
	}
	export class Member {
	    id: string;
	    name: string;
	    addresses: string[];
	    state: string;
	    version: string;
	    joined_at: string;
	    seen_at: string;
	    self: boolean;
	    connected: boolean;
	    replicas: number;
	
	    static createFrom(source: any = {}) {
	        return new Member(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.addresses = source["addresses"];
	        this.state = source["state"];
	        this.version = source["version"];
	        this.joined_at = source["joined_at"];
	        this.seen_at = source["seen_at"];
	        this.self = source["self"];
	        this.connected = source["connected"];
	        this.replicas = source["replicas"];
	    }
	}
	
	export class NetworkInfo {
	    id: string;
	    name: string;
	    role: string;
	    current: boolean;
	    created_at: string;
	    size: string;
	
	    static createFrom(source: any = {}) {
	        return new NetworkInfo(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.role = source["role"];
	        this.current = source["current"];
	        this.created_at = source["created_at"];
	        this.size = source["size"];
	    }
	}
	export class NodeStatus {
	    state: string;
	    took_ms: number;
	    checks: Check[];
	    peer_id: string;
	    name: string;
	    network: string;
	    solana_wallet: string;
	    role: string;
	    version: string;
	    started_at: string;
	    addresses: string[];
	    gateway: string;
	    ui: string;
	    data_dir: string;
	    peers: number;
	    relayed: number;
	    reachability: string;
	    proxy: Check;
	    database_size: string;
	    groups: Group[];
	    goroutines: number;
	    memory_bytes: string;
	    descriptors: number;
	
	    static createFrom(source: any = {}) {
	        return new NodeStatus(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.state = source["state"];
	        this.took_ms = source["took_ms"];
	        this.checks = this.convertValues(source["checks"], Check);
	        this.peer_id = source["peer_id"];
	        this.name = source["name"];
	        this.network = source["network"];
	        this.solana_wallet = source["solana_wallet"];
	        this.role = source["role"];
	        this.version = source["version"];
	        this.started_at = source["started_at"];
	        this.addresses = source["addresses"];
	        this.gateway = source["gateway"];
	        this.ui = source["ui"];
	        this.data_dir = source["data_dir"];
	        this.peers = source["peers"];
	        this.relayed = source["relayed"];
	        this.reachability = source["reachability"];
	        this.proxy = this.convertValues(source["proxy"], Check);
	        this.database_size = source["database_size"];
	        this.groups = this.convertValues(source["groups"], Group);
	        this.goroutines = source["goroutines"];
	        this.memory_bytes = source["memory_bytes"];
	        this.descriptors = source["descriptors"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Ticket {
	    id: string;
	    text: string;
	    link: string;
	    qr: string[];
	    created_at: string;
	    expires_at: string;
	    used_at: string;
	    used_by: string;
	    revoked_at: string;
	
	    static createFrom(source: any = {}) {
	        return new Ticket(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.text = source["text"];
	        this.link = source["link"];
	        this.qr = source["qr"];
	        this.created_at = source["created_at"];
	        this.expires_at = source["expires_at"];
	        this.used_at = source["used_at"];
	        this.used_by = source["used_by"];
	        this.revoked_at = source["revoked_at"];
	    }
	}
	export class Replica {
	    node: string;
	    role: string;
	    pinned: boolean;
	    state: string;
	    index: string;
	    lag: string;
	    age_ms: number;
	
	    static createFrom(source: any = {}) {
	        return new Replica(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.node = source["node"];
	        this.role = source["role"];
	        this.pinned = source["pinned"];
	        this.state = source["state"];
	        this.index = source["index"];
	        this.lag = source["lag"];
	        this.age_ms = source["age_ms"];
	    }
	}
	export class Placement {
	    namespace: string;
	    leader: string;
	    index: string;
	    factor: number;
	    state: string;
	    detail: string;
	    replicas: Replica[];
	
	    static createFrom(source: any = {}) {
	        return new Placement(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.leader = source["leader"];
	        this.index = source["index"];
	        this.factor = source["factor"];
	        this.state = source["state"];
	        this.detail = source["detail"];
	        this.replicas = this.convertValues(source["replicas"], Replica);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Overview {
	    network: NetworkInfo;
	    leader: string;
	    voters: number;
	    state: string;
	    detail: string;
	    joining: Joining;
	    members: Member[];
	    groups: Placement[];
	    networks: NetworkInfo[];
	    tickets: Ticket[];
	
	    static createFrom(source: any = {}) {
	        return new Overview(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.network = this.convertValues(source["network"], NetworkInfo);
	        this.leader = source["leader"];
	        this.voters = source["voters"];
	        this.state = source["state"];
	        this.detail = source["detail"];
	        this.joining = this.convertValues(source["joining"], Joining);
	        this.members = this.convertValues(source["members"], Member);
	        this.groups = this.convertValues(source["groups"], Placement);
	        this.networks = this.convertValues(source["networks"], NetworkInfo);
	        this.tickets = this.convertValues(source["tickets"], Ticket);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Peer {
	    id: string;
	    addresses: string[];
	    connected: boolean;
	    direction: string;
	    path: string;
	    transport: string;
	    agent: string;
	    protocols: string[];
	    latency_ms: number;
	    since: string;
	    last_seen: string;
	
	    static createFrom(source: any = {}) {
	        return new Peer(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.addresses = source["addresses"];
	        this.connected = source["connected"];
	        this.direction = source["direction"];
	        this.path = source["path"];
	        this.transport = source["transport"];
	        this.agent = source["agent"];
	        this.protocols = source["protocols"];
	        this.latency_ms = source["latency_ms"];
	        this.since = source["since"];
	        this.last_seen = source["last_seen"];
	    }
	}
	export class Piece {
	    text: string;
	    offset: number;
	    end: number;
	    kind: string;
	    problem: string;
	
	    static createFrom(source: any = {}) {
	        return new Piece(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.text = source["text"];
	        this.offset = source["offset"];
	        this.end = source["end"];
	        this.kind = source["kind"];
	        this.problem = source["problem"];
	    }
	}
	
	export class PlanStep {
	    id: number;
	    parent: number;
	    detail: string;
	
	    static createFrom(source: any = {}) {
	        return new PlanStep(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.parent = source["parent"];
	        this.detail = source["detail"];
	    }
	}
	
	export class PutRequest {
	    namespace: string;
	    key: string;
	    value_base64: string;
	    ttl_seconds: number;
	    if_version: string;
	    if_absent: boolean;
	
	    static createFrom(source: any = {}) {
	        return new PutRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.key = source["key"];
	        this.value_base64 = source["value_base64"];
	        this.ttl_seconds = source["ttl_seconds"];
	        this.if_version = source["if_version"];
	        this.if_absent = source["if_absent"];
	    }
	}
	export class Trigger {
	    name: string;
	    table: string;
	    sql: string;
	
	    static createFrom(source: any = {}) {
	        return new Trigger(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.table = source["table"];
	        this.sql = source["sql"];
	    }
	}
	export class Relations {
	    keys: ForeignKey[];
	    triggers: Trigger[];
	
	    static createFrom(source: any = {}) {
	        return new Relations(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.keys = this.convertValues(source["keys"], ForeignKey);
	        this.triggers = this.convertValues(source["triggers"], Trigger);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	
	export class StatementResult {
	    sql: string;
	    offset: number;
	    kind: string;
	    result_id: string;
	    columns: string[];
	    types: string[];
	    rows: Cell[][];
	    total: number;
	    truncated: boolean;
	    rows_affected: string;
	    last_insert_id: string;
	    error: string;
	    code: string;
	    request_id: string;
	    elapsed_ms: number;
	    provenance: Provenance;
	
	    static createFrom(source: any = {}) {
	        return new StatementResult(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.sql = source["sql"];
	        this.offset = source["offset"];
	        this.kind = source["kind"];
	        this.result_id = source["result_id"];
	        this.columns = source["columns"];
	        this.types = source["types"];
	        this.rows = this.convertValues(source["rows"], Cell);
	        this.total = source["total"];
	        this.truncated = source["truncated"];
	        this.rows_affected = source["rows_affected"];
	        this.last_insert_id = source["last_insert_id"];
	        this.error = source["error"];
	        this.code = source["code"];
	        this.request_id = source["request_id"];
	        this.elapsed_ms = source["elapsed_ms"];
	        this.provenance = this.convertValues(source["provenance"], Provenance);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class RunAnswer {
	    results: StatementResult[];
	    elapsed_ms: number;
	
	    static createFrom(source: any = {}) {
	        return new RunAnswer(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.results = this.convertValues(source["results"], StatementResult);
	        this.elapsed_ms = source["elapsed_ms"];
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class RunRequest {
	    run_id: string;
	    namespace: string;
	    script: string;
	    level: string;
	    atomic: boolean;
	
	    static createFrom(source: any = {}) {
	        return new RunRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.run_id = source["run_id"];
	        this.namespace = source["namespace"];
	        this.script = source["script"];
	        this.level = source["level"];
	        this.atomic = source["atomic"];
	    }
	}
	export class Table {
	    name: string;
	    kind: string;
	    sql: string;
	    columns: Column[];
	    indexes: Index[];
	
	    static createFrom(source: any = {}) {
	        return new Table(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.kind = source["kind"];
	        this.sql = source["sql"];
	        this.columns = this.convertValues(source["columns"], Column);
	        this.indexes = this.convertValues(source["indexes"], Index);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Schema {
	    tables: Table[];
	
	    static createFrom(source: any = {}) {
	        return new Schema(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.tables = this.convertValues(source["tables"], Table);
	    }
	
		convertValues(a: any, classs: any, asMap: boolean = false): any {
		    if (!a) {
		        return a;
		    }
		    if (a.slice && a.map) {
		        return (a as any[]).map(elem => this.convertValues(elem, classs));
		    } else if ("object" === typeof a) {
		        if (asMap) {
		            for (const key of Object.keys(a)) {
		                a[key] = new classs(a[key]);
		            }
		            return a;
		        }
		        return new classs(a);
		    }
		    return a;
		}
	}
	export class Settings {
	    theme: string;
	    density: string;
	    language: string;
	    namespace: string;
	    welcomed: boolean;
	    read_only: string[];
	    notice: string;
	
	    static createFrom(source: any = {}) {
	        return new Settings(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.theme = source["theme"];
	        this.density = source["density"];
	        this.language = source["language"];
	        this.namespace = source["namespace"];
	        this.welcomed = source["welcomed"];
	        this.read_only = source["read_only"];
	        this.notice = source["notice"];
	    }
	}
	
	
	export class TableSurvey {
	    rows: string;
	    nodes: number;
	
	    static createFrom(source: any = {}) {
	        return new TableSurvey(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.rows = source["rows"];
	        this.nodes = source["nodes"];
	    }
	}
	export class Task {
	    id: string;
	    kind: string;
	    title: string;
	    phase: string;
	    state: string;
	    done: number;
	    total: number;
	    unit: string;
	    rate: number;
	    eta_seconds: number;
	    cancellable: boolean;
	    error: string;
	    code: string;
	    result: string;
	    file_id: string;
	    file_name: string;
	    started_at: string;
	    ended_at: string;
	
	    static createFrom(source: any = {}) {
	        return new Task(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.kind = source["kind"];
	        this.title = source["title"];
	        this.phase = source["phase"];
	        this.state = source["state"];
	        this.done = source["done"];
	        this.total = source["total"];
	        this.unit = source["unit"];
	        this.rate = source["rate"];
	        this.eta_seconds = source["eta_seconds"];
	        this.cancellable = source["cancellable"];
	        this.error = source["error"];
	        this.code = source["code"];
	        this.result = source["result"];
	        this.file_id = source["file_id"];
	        this.file_name = source["file_name"];
	        this.started_at = source["started_at"];
	        this.ended_at = source["ended_at"];
	    }
	}
	
	
	export class UndoOffer {
	    offered: boolean;
	    reason: string;
	    rows: number;
	    script: string;
	    since: string[];
	    since_count: number;
	
	    static createFrom(source: any = {}) {
	        return new UndoOffer(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.offered = source["offered"];
	        this.reason = source["reason"];
	        this.rows = source["rows"];
	        this.script = source["script"];
	        this.since = source["since"];
	        this.since_count = source["since_count"];
	    }
	}

}

