export namespace api {
	
	export class NamespaceRole {
	    name: string;
	    role: string;
	    created_at: string;
	
	    static createFrom(source: any = {}) {
	        return new NamespaceRole(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.role = source["role"];
	        this.created_at = source["created_at"];
	    }
	}
	export class Account {
	    address: string;
	    chain: string;
	    wallet_id: string;
	    session_id: string;
	    signed_in_at: string;
	    namespaces: NamespaceRole[];
	
	    static createFrom(source: any = {}) {
	        return new Account(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.address = source["address"];
	        this.chain = source["chain"];
	        this.wallet_id = source["wallet_id"];
	        this.session_id = source["session_id"];
	        this.signed_in_at = source["signed_in_at"];
	        this.namespaces = this.convertValues(source["namespaces"], NamespaceRole);
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
	export class Activity {
	    time: string;
	    failed: boolean;
	    text: string;
	    namespace: string;
	    index: string;
	
	    static createFrom(source: any = {}) {
	        return new Activity(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.time = source["time"];
	        this.failed = source["failed"];
	        this.text = source["text"];
	        this.namespace = source["namespace"];
	        this.index = source["index"];
	    }
	}
	export class AppInfo {
	    id: string;
	    name: string;
	    public_key: string;
	    wallet: string;
	    created_at: string;
	
	    static createFrom(source: any = {}) {
	        return new AppInfo(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.public_key = source["public_key"];
	        this.wallet = source["wallet"];
	        this.created_at = source["created_at"];
	    }
	}
	export class BackupFile {
	    name: string;
	    size: string;
	    time: string;
	
	    static createFrom(source: any = {}) {
	        return new BackupFile(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.size = source["size"];
	        this.time = source["time"];
	    }
	}
	export class Backups {
	    interval_seconds: number;
	    dir: string;
	    keep: number;
	    last_at: string;
	    last_error: string;
	    last_files: number;
	    next_at: string;
	    files: BackupFile[];
	
	    static createFrom(source: any = {}) {
	        return new Backups(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.interval_seconds = source["interval_seconds"];
	        this.dir = source["dir"];
	        this.keep = source["keep"];
	        this.last_at = source["last_at"];
	        this.last_error = source["last_error"];
	        this.last_files = source["last_files"];
	        this.next_at = source["next_at"];
	        this.files = this.convertValues(source["files"], BackupFile);
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
	export class Bootstrap {
	    id: string;
	    addresses: string[];
	    connected: boolean;
	    failures: number;
	    next_try: string;
	    reason: string;
	
	    static createFrom(source: any = {}) {
	        return new Bootstrap(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.addresses = source["addresses"];
	        this.connected = source["connected"];
	        this.failures = source["failures"];
	        this.next_try = source["next_try"];
	        this.reason = source["reason"];
	    }
	}
	export class BrowserSignIn {
	    id: string;
	    url: string;
	    code: string;
	    opened: boolean;
	
	    static createFrom(source: any = {}) {
	        return new BrowserSignIn(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.url = source["url"];
	        this.code = source["code"];
	        this.opened = source["opened"];
	    }
	}
	export class Chosen {
	    namespace: string;
	    keys: string[];
	    prefixes: string[];
	
	    static createFrom(source: any = {}) {
	        return new Chosen(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.keys = source["keys"];
	        this.prefixes = source["prefixes"];
	    }
	}
	export class BulkRequest {
	    chosen: Chosen;
	    do: string;
	    ttl_seconds: number;
	    from: string;
	    to: string;
	    existing: string;
	
	    static createFrom(source: any = {}) {
	        return new BulkRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.chosen = this.convertValues(source["chosen"], Chosen);
	        this.do = source["do"];
	        this.ttl_seconds = source["ttl_seconds"];
	        this.from = source["from"];
	        this.to = source["to"];
	        this.existing = source["existing"];
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
	export class ChatAccount {
	    address: string;
	    chain: string;
	    device: string;
	    keychain: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ChatAccount(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.address = source["address"];
	        this.chain = source["chain"];
	        this.device = source["device"];
	        this.keychain = source["keychain"];
	    }
	}
	export class ChatActivity {
	    room: string;
	    typing: string[];
	    present: string[];
	
	    static createFrom(source: any = {}) {
	        return new ChatActivity(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.typing = source["typing"];
	        this.present = source["present"];
	    }
	}
	export class ChatAddress {
	    chain: string;
	    address: string;
	    problem: string;
	    unchecked: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ChatAddress(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.chain = source["chain"];
	        this.address = source["address"];
	        this.problem = source["problem"];
	        this.unchecked = source["unchecked"];
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
	export class ChatAttach {
	    room: string;
	    file: File;
	
	    static createFrom(source: any = {}) {
	        return new ChatAttach(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.file = this.convertValues(source["file"], File);
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
	export class ChatAttachment {
	    id: string;
	    name: string;
	    type: string;
	    size: number;
	    width: number;
	    height: number;
	    ready: boolean;
	    ask: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ChatAttachment(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.type = source["type"];
	        this.size = source["size"];
	        this.width = source["width"];
	        this.height = source["height"];
	        this.ready = source["ready"];
	        this.ask = source["ask"];
	    }
	}
	export class ChatBackup {
	    exists: boolean;
	    version: number;
	    entries: number;
	    pending: number;
	    updated_at: string;
	    open: boolean;
	    offered: boolean;
	    restored: number;
	
	    static createFrom(source: any = {}) {
	        return new ChatBackup(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.exists = source["exists"];
	        this.version = source["version"];
	        this.entries = source["entries"];
	        this.pending = source["pending"];
	        this.updated_at = source["updated_at"];
	        this.open = source["open"];
	        this.offered = source["offered"];
	        this.restored = source["restored"];
	    }
	}
	export class ChatBackupMade {
	    code: string;
	    version: number;
	
	    static createFrom(source: any = {}) {
	        return new ChatBackupMade(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.code = source["code"];
	        this.version = source["version"];
	    }
	}
	export class ChatCode {
	    text: string;
	    code: string[];
	
	    static createFrom(source: any = {}) {
	        return new ChatCode(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.text = source["text"];
	        this.code = source["code"];
	    }
	}
	export class ChatDevice {
	    fingerprint: string;
	    name: string;
	    this: boolean;
	    created_at: string;
	    expires_at: string;
	    revoked_at: string;
	    approved: boolean;
	    new: boolean;
	    seen_at: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatDevice(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.fingerprint = source["fingerprint"];
	        this.name = source["name"];
	        this.this = source["this"];
	        this.created_at = source["created_at"];
	        this.expires_at = source["expires_at"];
	        this.revoked_at = source["revoked_at"];
	        this.approved = source["approved"];
	        this.new = source["new"];
	        this.seen_at = source["seen_at"];
	    }
	}
	export class ChatDraft {
	    room: string;
	    text: string;
	    reply_to: string;
	    mentions: string[];
	    files: string[];
	
	    static createFrom(source: any = {}) {
	        return new ChatDraft(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.text = source["text"];
	        this.reply_to = source["reply_to"];
	        this.mentions = source["mentions"];
	        this.files = source["files"];
	    }
	}
	export class ChatEnrolOptions {
	    keychain: boolean;
	    device_name: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatEnrolOptions(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.keychain = source["keychain"];
	        this.device_name = source["device_name"];
	    }
	}
	export class ChatEnrolment {
	    id: string;
	    text: string;
	    code: string;
	    address: string;
	    renewal: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ChatEnrolment(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.text = source["text"];
	        this.code = source["code"];
	        this.address = source["address"];
	        this.renewal = source["renewal"];
	    }
	}
	export class ChatExportOptions {
	    room: string;
	    format: string;
	    file: File;
	
	    static createFrom(source: any = {}) {
	        return new ChatExportOptions(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.format = source["format"];
	        this.file = this.convertValues(source["file"], File);
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
	export class ChatFile {
	    room: string;
	    message: string;
	    file: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatFile(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.message = source["message"];
	        this.file = source["file"];
	    }
	}
	export class ChatHit {
	    room: string;
	    room_name: string;
	    id: string;
	    position: number;
	    from: string;
	    from_name: string;
	    at: string;
	    text: string;
	    ranges: number[][];
	
	    static createFrom(source: any = {}) {
	        return new ChatHit(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.room_name = source["room_name"];
	        this.id = source["id"];
	        this.position = source["position"];
	        this.from = source["from"];
	        this.from_name = source["from_name"];
	        this.at = source["at"];
	        this.text = source["text"];
	        this.ranges = source["ranges"];
	    }
	}
	export class ChatRead {
	    address: string;
	    name: string;
	    state: string;
	    at: string;
	    seen_at: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatRead(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.address = source["address"];
	        this.name = source["name"];
	        this.state = source["state"];
	        this.at = source["at"];
	        this.seen_at = source["seen_at"];
	    }
	}
	export class ChatStep {
	    step: string;
	    at: string;
	    evidence: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatStep(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.step = source["step"];
	        this.at = source["at"];
	        this.evidence = source["evidence"];
	    }
	}
	export class ChatLadder {
	    id: string;
	    step: string;
	    steps: ChatStep[];
	    place: number;
	    failure: string;
	    stored_by: string[];
	    replicas: string[];
	    people: ChatRead[];
	    seen: number;
	    received: number;
	    members: number;
	    checked_at: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatLadder(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.step = source["step"];
	        this.steps = this.convertValues(source["steps"], ChatStep);
	        this.place = source["place"];
	        this.failure = source["failure"];
	        this.stored_by = source["stored_by"];
	        this.replicas = source["replicas"];
	        this.people = this.convertValues(source["people"], ChatRead);
	        this.seen = source["seen"];
	        this.received = source["received"];
	        this.members = source["members"];
	        this.checked_at = source["checked_at"];
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
	export class ChatLink {
	    id: string;
	    room: string;
	    room_name: string;
	    url: string;
	    code: string[];
	    by: string;
	    by_name: string;
	    expires_at: string;
	    uses: number;
	    used: number;
	    network: string;
	    here: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ChatLink(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.room = source["room"];
	        this.room_name = source["room_name"];
	        this.url = source["url"];
	        this.code = source["code"];
	        this.by = source["by"];
	        this.by_name = source["by_name"];
	        this.expires_at = source["expires_at"];
	        this.uses = source["uses"];
	        this.used = source["used"];
	        this.network = source["network"];
	        this.here = source["here"];
	    }
	}
	export class ChatLinkOptions {
	    room: string;
	    expires_in: number;
	    uses: number;
	
	    static createFrom(source: any = {}) {
	        return new ChatLinkOptions(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.expires_in = source["expires_in"];
	        this.uses = source["uses"];
	    }
	}
	export class ChatReaction {
	    sign: string;
	    by: string[];
	    mine: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ChatReaction(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.sign = source["sign"];
	        this.by = source["by"];
	        this.mine = source["mine"];
	    }
	}
	export class ChatQuote {
	    id: string;
	    position: number;
	    from: string;
	    from_name: string;
	    text: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatQuote(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.position = source["position"];
	        this.from = source["from"];
	        this.from_name = source["from_name"];
	        this.text = source["text"];
	    }
	}
	export class ChatVersion {
	    text: string;
	    at: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatVersion(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.text = source["text"];
	        this.at = source["at"];
	    }
	}
	export class ChatMessage {
	    id: string;
	    position: number;
	    room: string;
	    kind: string;
	    from: string;
	    from_name: string;
	    device: string;
	    mine: boolean;
	    text: string;
	    notice: string;
	    targets: string[];
	    missing: number;
	    waiting: string;
	    edited: boolean;
	    earlier?: ChatVersion[];
	    deleted: boolean;
	    deleted_by: string;
	    reply_to?: ChatQuote;
	    reactions: ChatReaction[];
	    mentions: string[];
	    to_me: boolean;
	    files: ChatAttachment[];
	    sent_at: string;
	    stored_at: string;
	    expires_at: string;
	    step: string;
	    place: number;
	    failure: string;
	    stored_on: number;
	    stored_of: number;
	    seen_by: number;
	    flags: string[];
	
	    static createFrom(source: any = {}) {
	        return new ChatMessage(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.position = source["position"];
	        this.room = source["room"];
	        this.kind = source["kind"];
	        this.from = source["from"];
	        this.from_name = source["from_name"];
	        this.device = source["device"];
	        this.mine = source["mine"];
	        this.text = source["text"];
	        this.notice = source["notice"];
	        this.targets = source["targets"];
	        this.missing = source["missing"];
	        this.waiting = source["waiting"];
	        this.edited = source["edited"];
	        this.earlier = this.convertValues(source["earlier"], ChatVersion);
	        this.deleted = source["deleted"];
	        this.deleted_by = source["deleted_by"];
	        this.reply_to = this.convertValues(source["reply_to"], ChatQuote);
	        this.reactions = this.convertValues(source["reactions"], ChatReaction);
	        this.mentions = source["mentions"];
	        this.to_me = source["to_me"];
	        this.files = this.convertValues(source["files"], ChatAttachment);
	        this.sent_at = source["sent_at"];
	        this.stored_at = source["stored_at"];
	        this.expires_at = source["expires_at"];
	        this.step = source["step"];
	        this.place = source["place"];
	        this.failure = source["failure"];
	        this.stored_on = source["stored_on"];
	        this.stored_of = source["stored_of"];
	        this.seen_by = source["seen_by"];
	        this.flags = source["flags"];
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
	export class ChatNewRoom {
	    name: string;
	    topic: string;
	    history: string;
	    members: string[];
	    free_invite: boolean;
	    timer: number;
	
	    static createFrom(source: any = {}) {
	        return new ChatNewRoom(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.topic = source["topic"];
	        this.history = source["history"];
	        this.members = source["members"];
	        this.free_invite = source["free_invite"];
	        this.timer = source["timer"];
	    }
	}
	export class ChatPage {
	    messages: ChatMessage[];
	    older: boolean;
	    newer: boolean;
	    version: number;
	    total: number;
	
	    static createFrom(source: any = {}) {
	        return new ChatPage(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.messages = this.convertValues(source["messages"], ChatMessage);
	        this.older = source["older"];
	        this.newer = source["newer"];
	        this.version = source["version"];
	        this.total = source["total"];
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
	export class ChatPerson {
	    address: string;
	    name: string;
	    nickname: string;
	    role: string;
	    me: boolean;
	    verified: boolean;
	    changed: boolean;
	    blocked: boolean;
	    look_alike: boolean;
	    contact: boolean;
	    devices: ChatDevice[];
	    present: boolean;
	    seen_at: string;
	    invited: boolean;
	    banned: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ChatPerson(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.address = source["address"];
	        this.name = source["name"];
	        this.nickname = source["nickname"];
	        this.role = source["role"];
	        this.me = source["me"];
	        this.verified = source["verified"];
	        this.changed = source["changed"];
	        this.blocked = source["blocked"];
	        this.look_alike = source["look_alike"];
	        this.contact = source["contact"];
	        this.devices = this.convertValues(source["devices"], ChatDevice);
	        this.present = source["present"];
	        this.seen_at = source["seen_at"];
	        this.invited = source["invited"];
	        this.banned = source["banned"];
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
	export class ChatQuery {
	    room: string;
	    before: number;
	    after: number;
	    around: number;
	    limit: number;
	
	    static createFrom(source: any = {}) {
	        return new ChatQuery(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.before = source["before"];
	        this.after = source["after"];
	        this.around = source["around"];
	        this.limit = source["limit"];
	    }
	}
	
	
	
	export class ChatRefusal {
	    at: string;
	    room: string;
	    what: string;
	    from: string;
	    reason: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatRefusal(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.at = source["at"];
	        this.room = source["room"];
	        this.what = source["what"];
	        this.from = source["from"];
	        this.reason = source["reason"];
	    }
	}
	export class ChatRoom {
	    id: string;
	    kind: string;
	    state: string;
	    name: string;
	    topic: string;
	    peer: string;
	    members: number;
	    role: string;
	    my_name: string;
	    history: string;
	    timer: number;
	    unread: number;
	    mentions: number;
	    muted: boolean;
	    notify: string;
	    receipts: boolean;
	    typing: boolean;
	    presence: boolean;
	    preview: string;
	    last_from: string;
	    last_at: string;
	    draft: string;
	    first_unread: number;
	    read: number;
	    last: number;
	    may_write: boolean;
	    may_invite: boolean;
	    may_manage: boolean;
	    free_invite: boolean;
	    warning: string;
	    invited_by: string;
	    hosts: string[];
	    answering: string[];
	
	    static createFrom(source: any = {}) {
	        return new ChatRoom(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.kind = source["kind"];
	        this.state = source["state"];
	        this.name = source["name"];
	        this.topic = source["topic"];
	        this.peer = source["peer"];
	        this.members = source["members"];
	        this.role = source["role"];
	        this.my_name = source["my_name"];
	        this.history = source["history"];
	        this.timer = source["timer"];
	        this.unread = source["unread"];
	        this.mentions = source["mentions"];
	        this.muted = source["muted"];
	        this.notify = source["notify"];
	        this.receipts = source["receipts"];
	        this.typing = source["typing"];
	        this.presence = source["presence"];
	        this.preview = source["preview"];
	        this.last_from = source["last_from"];
	        this.last_at = source["last_at"];
	        this.draft = source["draft"];
	        this.first_unread = source["first_unread"];
	        this.read = source["read"];
	        this.last = source["last"];
	        this.may_write = source["may_write"];
	        this.may_invite = source["may_invite"];
	        this.may_manage = source["may_manage"];
	        this.free_invite = source["free_invite"];
	        this.warning = source["warning"];
	        this.invited_by = source["invited_by"];
	        this.hosts = source["hosts"];
	        this.answering = source["answering"];
	    }
	}
	export class ChatRoomChange {
	    room: string;
	    name?: string;
	    topic?: string;
	    history?: string;
	    timer?: number;
	    free_invite?: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ChatRoomChange(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.name = source["name"];
	        this.topic = source["topic"];
	        this.history = source["history"];
	        this.timer = source["timer"];
	        this.free_invite = source["free_invite"];
	    }
	}
	export class ChatRoomSettings {
	    room: string;
	    muted?: boolean;
	    notify?: string;
	    receipts?: boolean;
	    typing?: boolean;
	    presence?: boolean;
	    my_name?: string;
	
	    static createFrom(source: any = {}) {
	        return new ChatRoomSettings(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.room = source["room"];
	        this.muted = source["muted"];
	        this.notify = source["notify"];
	        this.receipts = source["receipts"];
	        this.typing = source["typing"];
	        this.presence = source["presence"];
	        this.my_name = source["my_name"];
	    }
	}
	export class ChatSafety {
	    address: string;
	    number: string;
	    qr: string;
	    code: string[];
	    verified: boolean;
	    devices: ChatDevice[];
	
	    static createFrom(source: any = {}) {
	        return new ChatSafety(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.address = source["address"];
	        this.number = source["number"];
	        this.qr = source["qr"];
	        this.code = source["code"];
	        this.verified = source["verified"];
	        this.devices = this.convertValues(source["devices"], ChatDevice);
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
	export class ChatSearch {
	    words: string;
	    room: string;
	    from: string;
	    since: string;
	    until: string;
	    limit: number;
	
	    static createFrom(source: any = {}) {
	        return new ChatSearch(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.words = source["words"];
	        this.room = source["room"];
	        this.from = source["from"];
	        this.since = source["since"];
	        this.until = source["until"];
	        this.limit = source["limit"];
	    }
	}
	export class ChatState {
	    state: string;
	    network: string;
	    address: string;
	    chain: string;
	    device: string;
	    accounts: ChatAccount[];
	    online: boolean;
	    problem: string;
	    sync_done: number;
	    sync_total: number;
	    outbox: number;
	    unread: number;
	    mentions: number;
	    requests: number;
	    expires_at: string;
	    renew_due: boolean;
	    revoked: boolean;
	    approved: boolean;
	    backup: ChatBackup;
	    version: number;
	
	    static createFrom(source: any = {}) {
	        return new ChatState(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.state = source["state"];
	        this.network = source["network"];
	        this.address = source["address"];
	        this.chain = source["chain"];
	        this.device = source["device"];
	        this.accounts = this.convertValues(source["accounts"], ChatAccount);
	        this.online = source["online"];
	        this.problem = source["problem"];
	        this.sync_done = source["sync_done"];
	        this.sync_total = source["sync_total"];
	        this.outbox = source["outbox"];
	        this.unread = source["unread"];
	        this.mentions = source["mentions"];
	        this.requests = source["requests"];
	        this.expires_at = source["expires_at"];
	        this.renew_due = source["renew_due"];
	        this.revoked = source["revoked"];
	        this.approved = source["approved"];
	        this.backup = this.convertValues(source["backup"], ChatBackup);
	        this.version = source["version"];
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
	export class ConfigChange {
	    name: string;
	    value: string;
	    reset: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ConfigChange(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.value = source["value"];
	        this.reset = source["reset"];
	    }
	}
	export class ConfigKey {
	    name: string;
	    value: string;
	    origin: string;
	    help: string;
	    default: string;
	    kind: string;
	    choices: string[];
	    environment: string;
	    flag: string;
	    secret: boolean;
	    in_file: boolean;
	    next: string;
	    restart: boolean;
	    overruled: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ConfigKey(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.value = source["value"];
	        this.origin = source["origin"];
	        this.help = source["help"];
	        this.default = source["default"];
	        this.kind = source["kind"];
	        this.choices = source["choices"];
	        this.environment = source["environment"];
	        this.flag = source["flag"];
	        this.secret = source["secret"];
	        this.in_file = source["in_file"];
	        this.next = source["next"];
	        this.restart = source["restart"];
	        this.overruled = source["overruled"];
	    }
	}
	export class ConfigView {
	    path: string;
	    keys: ConfigKey[];
	
	    static createFrom(source: any = {}) {
	        return new ConfigView(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.path = source["path"];
	        this.keys = this.convertValues(source["keys"], ConfigKey);
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
	export class DesktopState {
	    window: boolean;
	    tray: boolean;
	    notifications: boolean;
	    login_offered: boolean;
	    start_at_login: boolean;
	    safe_graphics: boolean;
	    safe_graphics_why: string;
	
	    static createFrom(source: any = {}) {
	        return new DesktopState(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.window = source["window"];
	        this.tray = source["tray"];
	        this.notifications = source["notifications"];
	        this.login_offered = source["login_offered"];
	        this.start_at_login = source["start_at_login"];
	        this.safe_graphics = source["safe_graphics"];
	        this.safe_graphics_why = source["safe_graphics_why"];
	    }
	}
	export class NamedCell {
	    column: string;
	    cell: Cell;
	
	    static createFrom(source: any = {}) {
	        return new NamedCell(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.column = source["column"];
	        this.cell = this.convertValues(source["cell"], Cell);
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
	export class Edit {
	    kind: string;
	    old: NamedCell[];
	    set: NamedCell[];
	
	    static createFrom(source: any = {}) {
	        return new Edit(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.kind = source["kind"];
	        this.old = this.convertValues(source["old"], NamedCell);
	        this.set = this.convertValues(source["set"], NamedCell);
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
	export class EditAnswer {
	    blamed: number;
	    conflict: boolean;
	    error: string;
	    code: string;
	    insert_ids: string[];
	    provenance: Provenance;
	
	    static createFrom(source: any = {}) {
	        return new EditAnswer(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.blamed = source["blamed"];
	        this.conflict = source["conflict"];
	        this.error = source["error"];
	        this.code = source["code"];
	        this.insert_ids = source["insert_ids"];
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
	export class EditRequest {
	    namespace: string;
	    table: string;
	    edits: Edit[];
	
	    static createFrom(source: any = {}) {
	        return new EditRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.table = source["table"];
	        this.edits = this.convertValues(source["edits"], Edit);
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
	export class Param {
	    name: string;
	    kind: string;
	    value: string;
	
	    static createFrom(source: any = {}) {
	        return new Param(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.kind = source["kind"];
	        this.value = source["value"];
	    }
	}
	export class Filter {
	    column: number;
	    op: string;
	    value: string;
	
	    static createFrom(source: any = {}) {
	        return new Filter(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.column = source["column"];
	        this.op = source["op"];
	        this.value = source["value"];
	    }
	}
	export class Shape {
	    sort: number;
	    down: boolean;
	    filters: Filter[];
	
	    static createFrom(source: any = {}) {
	        return new Shape(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.sort = source["sort"];
	        this.down = source["down"];
	        this.filters = this.convertValues(source["filters"], Filter);
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
	export class View {
	    result_id: string;
	    namespace: string;
	    table: string;
	    level: string;
	    shape: Shape;
	
	    static createFrom(source: any = {}) {
	        return new View(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.result_id = source["result_id"];
	        this.namespace = source["namespace"];
	        this.table = source["table"];
	        this.level = source["level"];
	        this.shape = this.convertValues(source["shape"], Shape);
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
	export class ExportRequest {
	    view: View;
	    format: string;
	    table: string;
	    file: File;
	    title: string;
	    statement: string;
	    params: Param[];
	
	    static createFrom(source: any = {}) {
	        return new ExportRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.view = this.convertValues(source["view"], View);
	        this.format = source["format"];
	        this.table = source["table"];
	        this.file = this.convertValues(source["file"], File);
	        this.title = source["title"];
	        this.statement = source["statement"];
	        this.params = this.convertValues(source["params"], Param);
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
	
	
	export class Finding {
	    id: string;
	    title: string;
	    result: string;
	    evidence: string;
	    remedy: string;
	
	    static createFrom(source: any = {}) {
	        return new Finding(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.title = source["title"];
	        this.result = source["result"];
	        this.evidence = source["evidence"];
	        this.remedy = source["remedy"];
	    }
	}
	export class Flow {
	    protocol: string;
	    bytes_in: string;
	    bytes_out: string;
	    rate_in: number;
	    rate_out: number;
	
	    static createFrom(source: any = {}) {
	        return new Flow(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.protocol = source["protocol"];
	        this.bytes_in = source["bytes_in"];
	        this.bytes_out = source["bytes_out"];
	        this.rate_in = source["rate_in"];
	        this.rate_out = source["rate_out"];
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
	export class GatewayRequest {
	    seq: string;
	    time: string;
	    method: string;
	    route: string;
	    status: number;
	    took_ms: number;
	    account: string;
	    code: string;
	    request_id: string;
	
	    static createFrom(source: any = {}) {
	        return new GatewayRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.seq = source["seq"];
	        this.time = source["time"];
	        this.method = source["method"];
	        this.route = source["route"];
	        this.status = source["status"];
	        this.took_ms = source["took_ms"];
	        this.account = source["account"];
	        this.code = source["code"];
	        this.request_id = source["request_id"];
	    }
	}
	export class GossipCount {
	    name: string;
	    count: string;
	
	    static createFrom(source: any = {}) {
	        return new GossipCount(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.count = source["count"];
	    }
	}
	export class GossipScore {
	    peer: string;
	    name: string;
	    score: number;
	
	    static createFrom(source: any = {}) {
	        return new GossipScore(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.peer = source["peer"];
	        this.name = source["name"];
	        this.score = source["score"];
	    }
	}
	export class GossipTopic {
	    topic: string;
	    peers: number;
	    mesh: number;
	    subscribers: number;
	
	    static createFrom(source: any = {}) {
	        return new GossipTopic(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.topic = source["topic"];
	        this.peers = source["peers"];
	        this.mesh = source["mesh"];
	        this.subscribers = source["subscribers"];
	    }
	}
	export class Gossip {
	    bootstrap: Bootstrap[];
	    topics: GossipTopic[];
	    scores: GossipScore[];
	    counters: GossipCount[];
	
	    static createFrom(source: any = {}) {
	        return new Gossip(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.bootstrap = this.convertValues(source["bootstrap"], Bootstrap);
	        this.topics = this.convertValues(source["topics"], GossipTopic);
	        this.scores = this.convertValues(source["scores"], GossipScore);
	        this.counters = this.convertValues(source["counters"], GossipCount);
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
	
	
	
	export class GrantInfo {
	    subject: string;
	    role: string;
	    granted_by: string;
	    created_at: string;
	
	    static createFrom(source: any = {}) {
	        return new GrantInfo(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.subject = source["subject"];
	        this.role = source["role"];
	        this.granted_by = source["granted_by"];
	        this.created_at = source["created_at"];
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
	export class ImportColumn {
	    source: number;
	    name: string;
	    type: string;
	
	    static createFrom(source: any = {}) {
	        return new ImportColumn(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.source = source["source"];
	        this.name = source["name"];
	        this.type = source["type"];
	    }
	}
	export class ImportFormat {
	    format: string;
	    delimiter: string;
	    header: string;
	
	    static createFrom(source: any = {}) {
	        return new ImportFormat(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.format = source["format"];
	        this.delimiter = source["delimiter"];
	        this.header = source["header"];
	    }
	}
	export class ImportPreview {
	    format: ImportFormat;
	    columns: ImportColumn[];
	    rows: Cell[][];
	
	    static createFrom(source: any = {}) {
	        return new ImportPreview(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.format = this.convertValues(source["format"], ImportFormat);
	        this.columns = this.convertValues(source["columns"], ImportColumn);
	        this.rows = this.convertValues(source["rows"], Cell);
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
	export class ImportRequest {
	    file_id: string;
	    namespace: string;
	    table: string;
	    create: boolean;
	    format: ImportFormat;
	    columns: ImportColumn[];
	    conflict: string;
	    title: string;
	
	    static createFrom(source: any = {}) {
	        return new ImportRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.file_id = source["file_id"];
	        this.namespace = source["namespace"];
	        this.table = source["table"];
	        this.create = source["create"];
	        this.format = this.convertValues(source["format"], ImportFormat);
	        this.columns = this.convertValues(source["columns"], ImportColumn);
	        this.conflict = source["conflict"];
	        this.title = source["title"];
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
	export class Invitation {
	    id: string;
	    network: string;
	    expires_at: string;
	    known: string;
	    current: boolean;
	
	    static createFrom(source: any = {}) {
	        return new Invitation(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.network = source["network"];
	        this.expires_at = source["expires_at"];
	        this.known = source["known"];
	        this.current = source["current"];
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
	export class KVChange {
	    operation: string;
	    key: string;
	    size: number;
	    version: string;
	    updated_at: string;
	    expires_at: string;
	
	    static createFrom(source: any = {}) {
	        return new KVChange(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.operation = source["operation"];
	        this.key = source["key"];
	        this.size = source["size"];
	        this.version = source["version"];
	        this.updated_at = source["updated_at"];
	        this.expires_at = source["expires_at"];
	    }
	}
	export class KVChanges {
	    changes: KVChange[];
	    next: string;
	    gap: boolean;
	
	    static createFrom(source: any = {}) {
	        return new KVChanges(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.changes = this.convertValues(source["changes"], KVChange);
	        this.next = source["next"];
	        this.gap = source["gap"];
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
	export class KVFound {
	    items: KVEntry[];
	    looked: number;
	    next: string;
	    provenance: Provenance;
	
	    static createFrom(source: any = {}) {
	        return new KVFound(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.items = this.convertValues(source["items"], KVEntry);
	        this.looked = source["looked"];
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
	export class KVHistory {
	    versions: KVChange[];
	    more: boolean;
	    complete_since: string;
	    complete_since_time: string;
	    provenance: Provenance;
	
	    static createFrom(source: any = {}) {
	        return new KVHistory(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.versions = this.convertValues(source["versions"], KVChange);
	        this.more = source["more"];
	        this.complete_since = source["complete_since"];
	        this.complete_since_time = source["complete_since_time"];
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
	export class KVPart {
	    key: string;
	    part_base64: string;
	    offset: number;
	    total: number;
	    packing: string;
	    opened: boolean;
	    problem: string;
	    size: number;
	    version: string;
	    updated_at: string;
	    expires_at: string;
	    provenance: Provenance;
	
	    static createFrom(source: any = {}) {
	        return new KVPart(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.key = source["key"];
	        this.part_base64 = source["part_base64"];
	        this.offset = source["offset"];
	        this.total = source["total"];
	        this.packing = source["packing"];
	        this.opened = source["opened"];
	        this.problem = source["problem"];
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
	export class KVSize {
	    prefix: string;
	    other: boolean;
	    keys: number;
	    bytes: number;
	
	    static createFrom(source: any = {}) {
	        return new KVSize(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.prefix = source["prefix"];
	        this.other = source["other"];
	        this.keys = source["keys"];
	        this.bytes = source["bytes"];
	    }
	}
	export class KVSizes {
	    children: KVSize[];
	    looked: number;
	    next: string;
	
	    static createFrom(source: any = {}) {
	        return new KVSizes(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.children = this.convertValues(source["children"], KVSize);
	        this.looked = source["looked"];
	        this.next = source["next"];
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
	export class KeyExport {
	    chosen: Chosen;
	    format: string;
	    file: File;
	
	    static createFrom(source: any = {}) {
	        return new KeyExport(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.chosen = this.convertValues(source["chosen"], Chosen);
	        this.format = source["format"];
	        this.file = this.convertValues(source["file"], File);
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
	export class KeyImport {
	    namespace: string;
	    file_id: string;
	    format: string;
	    existing: string;
	    separator: string;
	    header: boolean;
	    key_column: number;
	    value_column: number;
	    encoding_column: number;
	    expires_column: number;
	    base64: boolean;
	
	    static createFrom(source: any = {}) {
	        return new KeyImport(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.file_id = source["file_id"];
	        this.format = source["format"];
	        this.existing = source["existing"];
	        this.separator = source["separator"];
	        this.header = source["header"];
	        this.key_column = source["key_column"];
	        this.value_column = source["value_column"];
	        this.encoding_column = source["encoding_column"];
	        this.expires_column = source["expires_column"];
	        this.base64 = source["base64"];
	    }
	}
	export class KeyInfo {
	    id: string;
	    name: string;
	    creator: string;
	    scopes: string[];
	    created_at: string;
	    expires_at: string;
	    last_used_at: string;
	
	    static createFrom(source: any = {}) {
	        return new KeyInfo(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.creator = source["creator"];
	        this.scopes = source["scopes"];
	        this.created_at = source["created_at"];
	        this.expires_at = source["expires_at"];
	        this.last_used_at = source["last_used_at"];
	    }
	}
	export class KeyPreview {
	    format: string;
	    separator: string;
	    header: boolean;
	    columns: string[];
	    rows: string[][];
	    key_column: number;
	    value_column: number;
	    encoding_column: number;
	    expires_column: number;
	    problem: string;
	
	    static createFrom(source: any = {}) {
	        return new KeyPreview(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.format = source["format"];
	        this.separator = source["separator"];
	        this.header = source["header"];
	        this.columns = source["columns"];
	        this.rows = source["rows"];
	        this.key_column = source["key_column"];
	        this.value_column = source["value_column"];
	        this.encoding_column = source["encoding_column"];
	        this.expires_column = source["expires_column"];
	        this.problem = source["problem"];
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
	export class Link {
	    id: string;
	    kind: string;
	    ticket: string;
	    peer: string;
	    namespace: string;
	    key: string;
	    sql: string;
	    room: string;
	
	    static createFrom(source: any = {}) {
	        return new Link(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.kind = source["kind"];
	        this.ticket = source["ticket"];
	        this.peer = source["peer"];
	        this.namespace = source["namespace"];
	        this.key = source["key"];
	        this.sql = source["sql"];
	        this.room = source["room"];
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
	export class MadeKey {
	    key: KeyInfo;
	    secret: string;
	
	    static createFrom(source: any = {}) {
	        return new MadeKey(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.key = this.convertValues(source["key"], KeyInfo);
	        this.secret = source["secret"];
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
	export class Moment {
	    time: string;
	    requests: number;
	    latency_ms: number;
	    entries: number;
	    messages: number;
	    lost: number;
	    in_flight: number;
	    sockets: number;
	    behind: number;
	    peers: number;
	    goroutines: number;
	    descriptors: number;
	    memory_bytes: number;
	
	    static createFrom(source: any = {}) {
	        return new Moment(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.time = source["time"];
	        this.requests = source["requests"];
	        this.latency_ms = source["latency_ms"];
	        this.entries = source["entries"];
	        this.messages = source["messages"];
	        this.lost = source["lost"];
	        this.in_flight = source["in_flight"];
	        this.sockets = source["sockets"];
	        this.behind = source["behind"];
	        this.peers = source["peers"];
	        this.goroutines = source["goroutines"];
	        this.descriptors = source["descriptors"];
	        this.memory_bytes = source["memory_bytes"];
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
	export class NewKey {
	    name: string;
	    scopes: string[];
	    days: number;
	
	    static createFrom(source: any = {}) {
	        return new NewKey(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.scopes = source["scopes"];
	        this.days = source["days"];
	    }
	}
	export class NodeIdentity {
	    peer_id: string;
	    name: string;
	    network: string;
	    key_file: string;
	    qr: string[];
	
	    static createFrom(source: any = {}) {
	        return new NodeIdentity(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.peer_id = source["peer_id"];
	        this.name = source["name"];
	        this.network = source["network"];
	        this.key_file = source["key_file"];
	        this.qr = source["qr"];
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
	    gateway_open: boolean;
	    gateway_auth: boolean;
	    gateway_tls: boolean;
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
	        this.gateway_open = source["gateway_open"];
	        this.gateway_auth = source["gateway_auth"];
	        this.gateway_tls = source["gateway_tls"];
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
	    created_by: string;
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
	        this.created_by = source["created_by"];
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
	    size: string;
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
	        this.size = source["size"];
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
	
	export class Past {
	    time: string;
	    namespace: string;
	    script: string;
	    ok: boolean;
	
	    static createFrom(source: any = {}) {
	        return new Past(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.time = source["time"];
	        this.namespace = source["namespace"];
	        this.script = source["script"];
	        this.ok = source["ok"];
	    }
	}
	export class PathCell {
	    from: string;
	    to: string;
	    ms: number;
	    path: string;
	    age_ms: number;
	
	    static createFrom(source: any = {}) {
	        return new PathCell(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.from = source["from"];
	        this.to = source["to"];
	        this.ms = source["ms"];
	        this.path = source["path"];
	        this.age_ms = source["age_ms"];
	    }
	}
	export class PathChange {
	    at: string;
	    peer: string;
	    name: string;
	    from: string;
	    to: string;
	
	    static createFrom(source: any = {}) {
	        return new PathChange(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.at = source["at"];
	        this.peer = source["peer"];
	        this.name = source["name"];
	        this.from = source["from"];
	        this.to = source["to"];
	    }
	}
	export class PathNode {
	    id: string;
	    name: string;
	    self: boolean;
	    known: boolean;
	    shared: boolean;
	    age_ms: number;
	
	    static createFrom(source: any = {}) {
	        return new PathNode(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.self = source["self"];
	        this.known = source["known"];
	        this.shared = source["shared"];
	        this.age_ms = source["age_ms"];
	    }
	}
	export class PathMatrix {
	    sharing: boolean;
	    nodes: PathNode[];
	    cells: PathCell[];
	
	    static createFrom(source: any = {}) {
	        return new PathMatrix(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.sharing = source["sharing"];
	        this.nodes = this.convertValues(source["nodes"], PathNode);
	        this.cells = this.convertValues(source["cells"], PathCell);
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
	
	export class PathReason {
	    rule: string;
	    sentence: string;
	    evidence: string[];
	
	    static createFrom(source: any = {}) {
	        return new PathReason(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.rule = source["rule"];
	        this.sentence = source["sentence"];
	        this.evidence = source["evidence"];
	    }
	}
	export class Place {
	    kind: string;
	    country: string;
	    region: string;
	    lat: number;
	    lon: number;
	
	    static createFrom(source: any = {}) {
	        return new Place(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.kind = source["kind"];
	        this.country = source["country"];
	        this.region = source["region"];
	        this.lat = source["lat"];
	        this.lon = source["lon"];
	    }
	}
	export class Peer {
	    id: string;
	    name: string;
	    addresses: string[];
	    address: string;
	    connected: boolean;
	    direction: string;
	    path: string;
	    relay: string;
	    transport: string;
	    agent: string;
	    version: string;
	    protocols: string[];
	    role: string;
	    member: boolean;
	    latency_ms: number;
	    latencies: number[];
	    bytes_in: string;
	    bytes_out: string;
	    rate_in: number;
	    rate_out: number;
	    since: string;
	    last_seen: string;
	    blocked: boolean;
	    keep: boolean;
	    place: Place;
	
	    static createFrom(source: any = {}) {
	        return new Peer(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.addresses = source["addresses"];
	        this.address = source["address"];
	        this.connected = source["connected"];
	        this.direction = source["direction"];
	        this.path = source["path"];
	        this.relay = source["relay"];
	        this.transport = source["transport"];
	        this.agent = source["agent"];
	        this.version = source["version"];
	        this.protocols = source["protocols"];
	        this.role = source["role"];
	        this.member = source["member"];
	        this.latency_ms = source["latency_ms"];
	        this.latencies = source["latencies"];
	        this.bytes_in = source["bytes_in"];
	        this.bytes_out = source["bytes_out"];
	        this.rate_in = source["rate_in"];
	        this.rate_out = source["rate_out"];
	        this.since = source["since"];
	        this.last_seen = source["last_seen"];
	        this.blocked = source["blocked"];
	        this.keep = source["keep"];
	        this.place = this.convertValues(source["place"], Place);
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
	export class Piece {
	    text: string;
	    offset: number;
	    end: number;
	    kind: string;
	    problem: string;
	    params: string[];
	
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
	        this.params = source["params"];
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
	export class Planned {
	    sql: string;
	    args: Cell[];
	    script: string;
	
	    static createFrom(source: any = {}) {
	        return new Planned(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.sql = source["sql"];
	        this.args = this.convertValues(source["args"], Cell);
	        this.script = source["script"];
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
	export class ReadRequest {
	    namespace: string;
	    key: string;
	    level: string;
	    version: string;
	    offset: number;
	    length: number;
	    unpack: boolean;
	
	    static createFrom(source: any = {}) {
	        return new ReadRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.key = source["key"];
	        this.level = source["level"];
	        this.version = source["version"];
	        this.offset = source["offset"];
	        this.length = source["length"];
	        this.unpack = source["unpack"];
	    }
	}
	export class Reference {
	    column: string;
	    table: string;
	    to: string;
	
	    static createFrom(source: any = {}) {
	        return new Reference(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.column = source["column"];
	        this.table = source["table"];
	        this.to = source["to"];
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
	
	export class RowsPage {
	    rows: Cell[][];
	    total: number;
	
	    static createFrom(source: any = {}) {
	        return new RowsPage(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.rows = this.convertValues(source["rows"], Cell);
	        this.total = source["total"];
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
	    freshness_ms: number;
	    atomic: boolean;
	    params: Param[];
	
	    static createFrom(source: any = {}) {
	        return new RunRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.run_id = source["run_id"];
	        this.namespace = source["namespace"];
	        this.script = source["script"];
	        this.level = source["level"];
	        this.freshness_ms = source["freshness_ms"];
	        this.atomic = source["atomic"];
	        this.params = this.convertValues(source["params"], Param);
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
	export class SampleInfo {
	    namespace: string;
	    present: boolean;
	    keys: number;
	    rows: number;
	    tables: number;
	
	    static createFrom(source: any = {}) {
	        return new SampleInfo(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.present = source["present"];
	        this.keys = source["keys"];
	        this.rows = source["rows"];
	        this.tables = source["tables"];
	    }
	}
	export class SavedQuery {
	    name: string;
	    size: number;
	    changed_at: string;
	
	    static createFrom(source: any = {}) {
	        return new SavedQuery(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.size = source["size"];
	        this.changed_at = source["changed_at"];
	    }
	}
	export class ScanRequest {
	    namespace: string;
	    prefix: string;
	    pattern: string;
	    content: string;
	    min_bytes: number;
	    max_bytes: number;
	    changed_after: string;
	    changed_before: string;
	    expiry: string;
	    expires_before: string;
	    cursor: string;
	
	    static createFrom(source: any = {}) {
	        return new ScanRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.prefix = source["prefix"];
	        this.pattern = source["pattern"];
	        this.content = source["content"];
	        this.min_bytes = source["min_bytes"];
	        this.max_bytes = source["max_bytes"];
	        this.changed_after = source["changed_after"];
	        this.changed_before = source["changed_before"];
	        this.expiry = source["expiry"];
	        this.expires_before = source["expires_before"];
	        this.cursor = source["cursor"];
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
	    closing: string;
	    quiet: boolean;
	    chat_preview: boolean;
	    hide_places: boolean;
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
	        this.closing = source["closing"];
	        this.quiet = source["quiet"];
	        this.chat_preview = source["chat_preview"];
	        this.hide_places = source["hide_places"];
	        this.welcomed = source["welcomed"];
	        this.read_only = source["read_only"];
	        this.notice = source["notice"];
	    }
	}
	
	export class SignInSession {
	    id: string;
	    namespace: string;
	    created_at: string;
	    used_at: string;
	    expires_at: string;
	    address: string;
	    current: boolean;
	
	    static createFrom(source: any = {}) {
	        return new SignInSession(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.namespace = source["namespace"];
	        this.created_at = source["created_at"];
	        this.used_at = source["used_at"];
	        this.expires_at = source["expires_at"];
	        this.address = source["address"];
	        this.current = source["current"];
	    }
	}
	export class SignRequest {
	    id: string;
	    wallet_id: string;
	    label: string;
	    address: string;
	    chain: string;
	    kind: string;
	    text: string;
	    domain: string;
	    statement: string;
	    expires_at: string;
	    until: string;
	
	    static createFrom(source: any = {}) {
	        return new SignRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.wallet_id = source["wallet_id"];
	        this.label = source["label"];
	        this.address = source["address"];
	        this.chain = source["chain"];
	        this.kind = source["kind"];
	        this.text = source["text"];
	        this.domain = source["domain"];
	        this.statement = source["statement"];
	        this.expires_at = source["expires_at"];
	        this.until = source["until"];
	    }
	}
	export class SizeRequest {
	    namespace: string;
	    prefix: string;
	    separator: string;
	    cursor: string;
	
	    static createFrom(source: any = {}) {
	        return new SizeRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.namespace = source["namespace"];
	        this.prefix = source["prefix"];
	        this.separator = source["separator"];
	        this.cursor = source["cursor"];
	    }
	}
	export class Span {
	    view: View;
	    from: number;
	    count: number;
	    columns: number[];
	
	    static createFrom(source: any = {}) {
	        return new Span(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.view = this.convertValues(source["view"], View);
	        this.from = source["from"];
	        this.count = source["count"];
	        this.columns = source["columns"];
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
	
	export class Summary {
	    cells: number;
	    numbers: number;
	    sum: string;
	    average: string;
	    least: string;
	    most: string;
	
	    static createFrom(source: any = {}) {
	        return new Summary(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.cells = source["cells"];
	        this.numbers = source["numbers"];
	        this.sum = source["sum"];
	        this.average = source["average"];
	        this.least = source["least"];
	        this.most = source["most"];
	    }
	}
	export class SupportFile {
	    name: string;
	    size: number;
	    text: string;
	
	    static createFrom(source: any = {}) {
	        return new SupportFile(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.size = source["size"];
	        this.text = source["text"];
	    }
	}
	
	export class TableColumn {
	    name: string;
	    type: string;
	    nullable: boolean;
	    default: string;
	    key: boolean;
	
	    static createFrom(source: any = {}) {
	        return new TableColumn(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.type = source["type"];
	        this.nullable = source["nullable"];
	        this.default = source["default"];
	        this.key = source["key"];
	    }
	}
	export class TableInfo {
	    name: string;
	    kind: string;
	    columns: TableColumn[];
	    row_id: string;
	    editable: boolean;
	    references: Reference[];
	
	    static createFrom(source: any = {}) {
	        return new TableInfo(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.name = source["name"];
	        this.kind = source["kind"];
	        this.columns = this.convertValues(source["columns"], TableColumn);
	        this.row_id = source["row_id"];
	        this.editable = source["editable"];
	        this.references = this.convertValues(source["references"], Reference);
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
	
	export class TopicMember {
	    id: string;
	    joined_at: string;
	
	    static createFrom(source: any = {}) {
	        return new TopicMember(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.joined_at = source["joined_at"];
	    }
	}
	export class TopicMessage {
	    id: string;
	    from: string;
	    data_base64: string;
	    size: number;
	    at: string;
	
	    static createFrom(source: any = {}) {
	        return new TopicMessage(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.from = source["from"];
	        this.data_base64 = source["data_base64"];
	        this.size = source["size"];
	        this.at = source["at"];
	    }
	}
	export class TopicMessages {
	    messages: TopicMessage[];
	    ended: boolean;
	    why: string;
	
	    static createFrom(source: any = {}) {
	        return new TopicMessages(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.messages = this.convertValues(source["messages"], TopicMessage);
	        this.ended = source["ended"];
	        this.why = source["why"];
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
	export class Traffic {
	    total: Flow;
	    protocols: Flow[];
	
	    static createFrom(source: any = {}) {
	        return new Traffic(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.total = this.convertValues(source["total"], Flow);
	        this.protocols = this.convertValues(source["protocols"], Flow);
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
	
	export class WalletAccount {
	    chain: string;
	    address: string;
	
	    static createFrom(source: any = {}) {
	        return new WalletAccount(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.chain = source["chain"];
	        this.address = source["address"];
	    }
	}
	export class WalletImport {
	    label: string;
	    form: string;
	
	    static createFrom(source: any = {}) {
	        return new WalletImport(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.label = source["label"];
	        this.form = source["form"];
	    }
	}
	export class WalletInfo {
	    id: string;
	    label: string;
	    kind: string;
	    accounts: WalletAccount[];
	    forms: string[];
	    locked: boolean;
	    words_checked: boolean;
	    remind: boolean;
	    keychain: boolean;
	    created_at: string;
	    problem: string;
	
	    static createFrom(source: any = {}) {
	        return new WalletInfo(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.label = source["label"];
	        this.kind = source["kind"];
	        this.accounts = this.convertValues(source["accounts"], WalletAccount);
	        this.forms = source["forms"];
	        this.locked = source["locked"];
	        this.words_checked = source["words_checked"];
	        this.remind = source["remind"];
	        this.keychain = source["keychain"];
	        this.created_at = source["created_at"];
	        this.problem = source["problem"];
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
	export class WalletOptions {
	    lock_minutes: number;
	
	    static createFrom(source: any = {}) {
	        return new WalletOptions(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.lock_minutes = source["lock_minutes"];
	    }
	}
	export class WalletState {
	    open: string[];
	    account: Account;
	    requests: SignRequest[];
	    revision: string;
	
	    static createFrom(source: any = {}) {
	        return new WalletState(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.open = source["open"];
	        this.account = this.convertValues(source["account"], Account);
	        this.requests = this.convertValues(source["requests"], SignRequest);
	        this.revision = source["revision"];
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
	export class WatchRequest {
	    id: string;
	    namespace: string;
	    prefix: string;
	    since: string;
	    wait_ms: number;
	
	    static createFrom(source: any = {}) {
	        return new WatchRequest(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.namespace = source["namespace"];
	        this.prefix = source["prefix"];
	        this.since = source["since"];
	        this.wait_ms = source["wait_ms"];
	    }
	}
	export class Whereabouts {
	    id: string;
	    name: string;
	    addresses: string[];
	    best: string;
	    public_address: string;
	    place: Place;
	    qr: string[];
	
	    static createFrom(source: any = {}) {
	        return new Whereabouts(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.id = source["id"];
	        this.name = source["name"];
	        this.addresses = source["addresses"];
	        this.best = source["best"];
	        this.public_address = source["public_address"];
	        this.place = this.convertValues(source["place"], Place);
	        this.qr = source["qr"];
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
	export class WorkTab {
	    title: string;
	    text: string;
	    saved: string;
	    table: string;
	    namespace: string;
	
	    static createFrom(source: any = {}) {
	        return new WorkTab(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.title = source["title"];
	        this.text = source["text"];
	        this.saved = source["saved"];
	        this.table = source["table"];
	        this.namespace = source["namespace"];
	    }
	}
	export class Workspace {
	    tabs: WorkTab[];
	    active: number;
	    history: Past[];
	    completion: string;
	
	    static createFrom(source: any = {}) {
	        return new Workspace(source);
	    }
	
	    constructor(source: any = {}) {
	        if ('string' === typeof source) source = JSON.parse(source);
	        this.tabs = this.convertValues(source["tabs"], WorkTab);
	        this.active = source["active"];
	        this.history = this.convertValues(source["history"], Past);
	        this.completion = source["completion"];
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

}

