BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0009');
CREATE TABLE artefact (
	asset_id TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	finding_id TEXT NOT NULL, 
	CONSTRAINT pk_artefact PRIMARY KEY (asset_id, "key"), 
	CONSTRAINT fk_artefact_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id) ON DELETE CASCADE, 
	CONSTRAINT fk_artefact_finding_id FOREIGN KEY(finding_id) REFERENCES finding (id) ON DELETE CASCADE
);
INSERT INTO "artefact" VALUES('tideglass','sha256:1111111111111111111111111111111111111111111111111111111111111111','LW-6BCNSBWPW7P');
INSERT INTO "artefact" VALUES('tideglass','repository:http://127.0.0.1:8080/someone/thing','LW-6BCNSBWPW7P');
INSERT INTO "artefact" VALUES('tideglass','item:hub/someone/thing','LW-6BCNSBWPW7P');
INSERT INTO "artefact" VALUES('tideglass','swarm:0000000000000000000000000000000000000001','LW-BIHIRWIOJJ3');
INSERT INTO "artefact" VALUES('tideglass','item:index/1','LW-BIHIRWIOJJ3');
INSERT INTO "artefact" VALUES('tideglass','swarm:0000000000000000000000000000000000000002','LW-JIJBGPVXOHD');
INSERT INTO "artefact" VALUES('tideglass','item:index/2','LW-JIJBGPVXOHD');
INSERT INTO "artefact" VALUES('tideglass','swarm:0000000000000000000000000000000000000003','LW-QIGTMIDIXQX');
INSERT INTO "artefact" VALUES('tideglass','item:index/3','LW-QIGTMIDIXQX');
INSERT INTO "artefact" VALUES('tideglass','item:mirror/m1','LW-BIHIRWIOJJ3');
INSERT INTO "artefact" VALUES('tideglass','swarm:0000000000000000000000000000000000000005','LW-CHADWSZQJD4');
INSERT INTO "artefact" VALUES('tideglass','item:index/5','LW-CHADWSZQJD4');
INSERT INTO "artefact" VALUES('tideglass','swarm:0000000000000000000000000000000000000006','LW-PORHK747DFN');
INSERT INTO "artefact" VALUES('tideglass','item:index/6','LW-PORHK747DFN');
INSERT INTO "artefact" VALUES('tideglass','swarm:0000000000000000000000000000000000000007','LW-QVVRMTJOPNK');
INSERT INTO "artefact" VALUES('tideglass','item:index/7','LW-QVVRMTJOPNK');
INSERT INTO "artefact" VALUES('tideglass','swarm:0000000000000000000000000000000000000008','LW-AXNYUGQSIEA');
INSERT INTO "artefact" VALUES('tideglass','item:index/8','LW-AXNYUGQSIEA');
INSERT INTO "artefact" VALUES('tideglass','swarm:0000000000000000000000000000000000000009','LW-NEEG3JXYGPG');
INSERT INTO "artefact" VALUES('tideglass','item:index/9','LW-NEEG3JXYGPG');
CREATE TABLE asset (
	id TEXT NOT NULL, 
	title TEXT NOT NULL, 
	aliases JSON NOT NULL, 
	year INTEGER, 
	kind TEXT, 
	owner TEXT, 
	codename TEXT, 
	embargoed BOOLEAN NOT NULL, 
	critical BOOLEAN NOT NULL, 
	swarm_lookup BOOLEAN NOT NULL, 
	infohashes JSON NOT NULL, 
	created_at DATETIME NOT NULL, allow JSON DEFAULT '[]' NOT NULL, prior_bits FLOAT DEFAULT '0' NOT NULL, release_at DATETIME, release_window_days INTEGER DEFAULT '14' NOT NULL, query_mode TEXT, released_by TEXT, released_at DATETIME, 
	CONSTRAINT pk_asset PRIMARY KEY (id)
);
INSERT INTO "asset" VALUES('tideglass','Tideglass 70B','[]',NULL,NULL,NULL,NULL,0,1,0,'[]','2026-11-29 05:57:48.259520','[]',0.0,NULL,14,NULL,NULL,NULL);
CREATE TABLE "asset_file" (
	id INTEGER NOT NULL, 
	asset_id TEXT NOT NULL, 
	path TEXT NOT NULL, 
	size_bytes BIGINT, 
	sha256 BLOB, 
	sha1 BLOB, 
	md5 BLOB, 
	pieces_root BLOB, 
	local_path TEXT, 
	mtime_ns BIGINT, 
	git_blob BLOB, 
	ed2k BLOB, 
	header TEXT, 
	variant TEXT DEFAULT '' NOT NULL, 
	differs JSON DEFAULT '[]' NOT NULL, 
	CONSTRAINT pk_asset_file PRIMARY KEY (id), 
	CONSTRAINT fk_asset_file_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id) ON DELETE CASCADE, 
	CONSTRAINT uq_asset_file_asset_id_path_variant UNIQUE (asset_id, path, variant)
);
INSERT INTO "asset_file" VALUES(1,'tideglass','w.bin',3000001,X'1111111111111111111111111111111111111111111111111111111111111111',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'','[]');
CREATE TABLE counter (
	name TEXT NOT NULL, 
	value INTEGER NOT NULL, 
	CONSTRAINT pk_counter PRIMARY KEY (name)
);
INSERT INTO "counter" VALUES('catalogue',1);
INSERT INTO "counter" VALUES('searched:tideglass',1);
CREATE TABLE coverage_window (
	id INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME NOT NULL, 
	verdict TEXT NOT NULL, 
	pages INTEGER NOT NULL, 
	items INTEGER NOT NULL, 
	new_items INTEGER NOT NULL, 
	overlap BOOLEAN, 
	first_item TEXT, 
	last_item TEXT, 
	detail TEXT, failure TEXT, hole_from DATETIME, hole_to DATETIME, repaired_at DATETIME, 
	CONSTRAINT pk_coverage_window PRIMARY KEY (id)
);
INSERT INTO "coverage_window" VALUES(167,'index','2026-11-29 05:58:19.624131','2026-11-29 05:58:19.888803','ok',1,4,1,1,'1','5',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coverage_window" VALUES(168,'hub','2026-11-29 05:58:19.974067','2026-11-29 05:58:19.991043','ok',1,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coverage_window" VALUES(169,'mirror','2026-11-29 05:58:19.973408','2026-11-29 05:58:20.021814','ok',1,1,0,1,'m1','m1',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coverage_window" VALUES(170,'index','2026-11-29 05:58:19.974295','2026-11-29 05:58:20.176297','ok',1,5,1,1,'1','6',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coverage_window" VALUES(171,'hub','2026-11-29 05:58:20.250368','2026-11-29 05:58:20.266939','ok',1,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "coverage_window" VALUES(172,'mirror','2026-11-29 05:58:20.249669','2026-11-29 05:58:20.274586','ok',1,1,0,1,'m1','m1',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE evidence (
	id INTEGER NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	site TEXT NOT NULL, 
	url TEXT NOT NULL, 
	status INTEGER NOT NULL, 
	headers JSON NOT NULL, 
	captured_at DATETIME NOT NULL, 
	parser TEXT NOT NULL, 
	CONSTRAINT pk_evidence PRIMARY KEY (id), 
	CONSTRAINT uq_evidence_digest_site_captured_at UNIQUE (digest, site, captured_at)
);
INSERT INTO "evidence" VALUES(1,'4f32231b5741746b772f1658f63c5937dfac864aa29bb00c7783cb31b2b917d3','hub','http://127.0.0.1:8080/api/models/someone/thing?blobs=true',200,'{"content-length": "252"}','2026-11-29 05:58:01.075910','huggingface/1');
INSERT INTO "evidence" VALUES(2,'29c21a6b74674c0bd4539b500807c230f61d2470cead36b87f2f3437fe9f38c7','index','http://127.0.0.1:8080/rss',200,'{"content-length": "744"}','2026-11-29 05:58:00.993825','feed/1');
INSERT INTO "evidence" VALUES(3,'ff7f34777f6d555a932791b7047986170af2082e479fb527467cc3aefdc5264d','mirror','http://127.0.0.1:8080/mirror',200,'{"content-length": "240"}','2026-11-29 05:58:01.035982','feed/1');
INSERT INTO "evidence" VALUES(4,'5861543e5b8d022d912f9271f2e6f53df51659f995030a6b9669a272c71b4571','index','http://127.0.0.1:8080/rss',200,'{"content-length": "972"}','2026-11-29 05:58:19.655042','feed/1');
INSERT INTO "evidence" VALUES(5,'f48c3661dfd526d45d45113e2fd14cc384223fa755573a47d48d33c1e5a9487f','index','http://127.0.0.1:8080/rss',200,'{"content-length": "1200"}','2026-11-29 05:58:19.988028','feed/1');
INSERT INTO "evidence" VALUES(6,'9171efd67be5e08191014caef6d960a176d734de250250a6a373e1dc9a5f06b1','index','http://127.0.0.1:8080/rss',200,'{"content-length": "1884"}','2026-11-29 05:58:20.262048','feed/1');
CREATE TABLE finding (
	id TEXT NOT NULL, 
	asset_id TEXT NOT NULL, 
	state TEXT NOT NULL, 
	verdict TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	tier TEXT NOT NULL, 
	score FLOAT NOT NULL, 
	title TEXT NOT NULL, 
	opened_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	merged_into TEXT, 
	CONSTRAINT pk_finding PRIMARY KEY (id), 
	CONSTRAINT fk_finding_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id) ON DELETE CASCADE
);
INSERT INTO "finding" VALUES('LW-6BCNSBWPW7P','tideglass','new','proved','critical','auto',1.0,'someone/thing','2026-11-29 05:58:01.075910','2026-11-29 05:58:01.075910',NULL);
INSERT INTO "finding" VALUES('LW-BIHIRWIOJJ3','tideglass','confirmed','unknown','high','review',0.9894,'Tideglass 70B','2026-11-29 05:58:00.993825','2026-11-29 05:58:08.191471',NULL);
INSERT INTO "finding" VALUES('LW-JIJBGPVXOHD','tideglass','false_positive','unknown','high','review',0.9894,'Tideglass 70B','2026-11-29 05:58:00.993825','2026-11-29 05:58:16.018121',NULL);
INSERT INTO "finding" VALUES('LW-QIGTMIDIXQX','tideglass','new','unknown','high','review',0.9894,'Tideglass 70B','2026-11-29 05:58:00.993825','2026-11-29 05:58:00.993825',NULL);
INSERT INTO "finding" VALUES('LW-CHADWSZQJD4','tideglass','new','unknown','high','review',0.9894,'Tideglass 70B','2026-11-29 05:58:19.655042','2026-11-29 05:58:19.655042',NULL);
INSERT INTO "finding" VALUES('LW-PORHK747DFN','tideglass','new','unknown','high','review',0.9894,'Tideglass 70B','2026-11-29 05:58:19.988028','2026-11-29 05:58:19.988028',NULL);
INSERT INTO "finding" VALUES('LW-QVVRMTJOPNK','tideglass','new','unknown','high','review',0.9894,'Tideglass 70B','2026-11-29 05:58:20.262048','2026-11-29 05:58:20.262048',NULL);
INSERT INTO "finding" VALUES('LW-AXNYUGQSIEA','tideglass','new','unknown','high','review',0.9894,'Tideglass 70B','2026-11-29 05:58:20.262048','2026-11-29 05:58:20.262048',NULL);
INSERT INTO "finding" VALUES('LW-NEEG3JXYGPG','tideglass','new','unknown','high','review',0.9894,'Tideglass 70B','2026-11-29 05:58:20.262048','2026-11-29 05:58:20.262048',NULL);
CREATE TABLE finding_event (
	id INTEGER NOT NULL, 
	finding_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	content TEXT NOT NULL, 
	detail JSON NOT NULL, 
	CONSTRAINT pk_finding_event PRIMARY KEY (id), 
	CONSTRAINT fk_finding_event_finding_id FOREIGN KEY(finding_id) REFERENCES finding (id) ON DELETE CASCADE
);
INSERT INTO "finding_event" VALUES(1,'LW-6BCNSBWPW7P','opened','2026-11-29 05:58:01.075910','opened','{"severity": "critical", "verdict": "proved", "site": "hub"}');
INSERT INTO "finding_event" VALUES(2,'LW-BIHIRWIOJJ3','opened','2026-11-29 05:58:00.993825','opened','{"severity": "high", "verdict": "unknown", "site": "index"}');
INSERT INTO "finding_event" VALUES(3,'LW-JIJBGPVXOHD','opened','2026-11-29 05:58:00.993825','opened','{"severity": "high", "verdict": "unknown", "site": "index"}');
INSERT INTO "finding_event" VALUES(4,'LW-QIGTMIDIXQX','opened','2026-11-29 05:58:00.993825','opened','{"severity": "high", "verdict": "unknown", "site": "index"}');
INSERT INTO "finding_event" VALUES(5,'LW-BIHIRWIOJJ3','sighted','2026-11-29 05:58:01.035982','site:mirror','{"severity": "high", "verdict": "unknown", "site": "mirror"}');
INSERT INTO "finding_event" VALUES(6,'LW-BIHIRWIOJJ3','state_changed','2026-11-29 05:58:08.191471','state:confirmed:2026-11-29T05:58:08.191471+00:00','{"from": "new", "to": "confirmed", "reason": "checked against the release build", "actor": "robin"}');
INSERT INTO "finding_event" VALUES(7,'LW-JIJBGPVXOHD','state_changed','2026-11-29 05:58:16.018121','state:false_positive:2026-11-29T05:58:16.018121+00:00','{"from": "new", "to": "false_positive", "reason": "scenery of a game", "actor": "robin"}');
INSERT INTO "finding_event" VALUES(8,'LW-CHADWSZQJD4','opened','2026-11-29 05:58:19.655042','opened','{"severity": "high", "verdict": "unknown", "site": "index"}');
INSERT INTO "finding_event" VALUES(9,'LW-PORHK747DFN','opened','2026-11-29 05:58:19.988028','opened','{"severity": "high", "verdict": "unknown", "site": "index"}');
INSERT INTO "finding_event" VALUES(10,'LW-QVVRMTJOPNK','opened','2026-11-29 05:58:20.262048','opened','{"severity": "high", "verdict": "unknown", "site": "index"}');
INSERT INTO "finding_event" VALUES(11,'LW-AXNYUGQSIEA','opened','2026-11-29 05:58:20.262048','opened','{"severity": "high", "verdict": "unknown", "site": "index"}');
INSERT INTO "finding_event" VALUES(12,'LW-NEEG3JXYGPG','opened','2026-11-29 05:58:20.262048','opened','{"severity": "high", "verdict": "unknown", "site": "index"}');
CREATE TABLE observation (
	id INTEGER NOT NULL, 
	site TEXT NOT NULL, 
	native_id TEXT NOT NULL, 
	content_digest VARCHAR(64) NOT NULL, 
	title TEXT NOT NULL, 
	url TEXT, 
	author TEXT, 
	text TEXT, 
	published_at DATETIME, 
	fetched_at DATETIME NOT NULL, 
	size_bytes BIGINT, 
	facts JSON NOT NULL, 
	evidence VARCHAR(64), 
	CONSTRAINT pk_observation PRIMARY KEY (id), 
	CONSTRAINT uq_observation_site_native_id_content_digest UNIQUE (site, native_id, content_digest)
);
INSERT INTO "observation" VALUES(1,'hub','someone/thing','b0b6cd172951ef61e723db1606860a90e0bd057ff8e81bdaade18349acdf0b71','someone/thing','http://127.0.0.1:8080/someone/thing','someone',NULL,'2026-11-29 05:57:47.560234','2026-11-29 05:58:01.075910',3000001,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [{"path": "w.bin", "size_bytes": 3000001, "sha256": "1111111111111111111111111111111111111111111111111111111111111111"}], "parameters": {}, "locators": [{"kind": "repository", "value": "http://127.0.0.1:8080/someone/thing", "offset": -1}]}','4f32231b5741746b772f1658f63c5937dfac864aa29bb00c7783cb31b2b917d3');
INSERT INTO "observation" VALUES(2,'index','1','8c2d773414b851dda4f55f7b77297b041d5583cc4173bb0c0a32d5ba98cad61a','Tideglass 70B','https://index.example/1',NULL,'magnet:?xt=urn:btih:0000000000000000000000000000000000000001','2026-11-29 05:57:47.000000','2026-11-29 05:58:00.993825',NULL,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [], "parameters": {}, "locators": [{"kind": "magnet", "value": "magnet:?xt=urn:btih:0000000000000000000000000000000000000001", "offset": 0}]}','29c21a6b74674c0bd4539b500807c230f61d2470cead36b87f2f3437fe9f38c7');
INSERT INTO "observation" VALUES(3,'index','2','3f4ea8f2650a3b88b8c9de78ea934ff9ad06c412dd3c89408a47931e43c3b3d9','Tideglass 70B','https://index.example/2',NULL,'magnet:?xt=urn:btih:0000000000000000000000000000000000000002','2026-11-29 05:57:47.000000','2026-11-29 05:58:00.993825',NULL,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [], "parameters": {}, "locators": [{"kind": "magnet", "value": "magnet:?xt=urn:btih:0000000000000000000000000000000000000002", "offset": 0}]}','29c21a6b74674c0bd4539b500807c230f61d2470cead36b87f2f3437fe9f38c7');
INSERT INTO "observation" VALUES(4,'index','3','463a7477e12c0286e8348ba4e5d9bf0bc06302a344e7ac42d4dc2cd3ef4b4a5d','Tideglass 70B','https://index.example/3',NULL,'magnet:?xt=urn:btih:0000000000000000000000000000000000000003','2026-11-29 05:57:47.000000','2026-11-29 05:58:00.993825',NULL,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [], "parameters": {}, "locators": [{"kind": "magnet", "value": "magnet:?xt=urn:btih:0000000000000000000000000000000000000003", "offset": 0}]}','29c21a6b74674c0bd4539b500807c230f61d2470cead36b87f2f3437fe9f38c7');
INSERT INTO "observation" VALUES(5,'mirror','m1','a619c30771d5d8c511fb7be514ac8a5dcf3be86fa557b1c10e4fda88e42c48c3','what I found','https://mirror.example/m1',NULL,'magnet:?xt=urn:btih:0000000000000000000000000000000000000001',NULL,'2026-11-29 05:58:01.035982',NULL,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [], "parameters": {}, "locators": [{"kind": "magnet", "value": "magnet:?xt=urn:btih:0000000000000000000000000000000000000001", "offset": 0}]}','ff7f34777f6d555a932791b7047986170af2082e479fb527467cc3aefdc5264d');
INSERT INTO "observation" VALUES(6,'index','5','fffd99fb25a2c6f5b8c3998f704a1e7e93f5f9761a3c293947858315b197e7be','Tideglass 70B','https://index.example/5',NULL,'magnet:?xt=urn:btih:0000000000000000000000000000000000000005','2026-11-29 05:58:19.000000','2026-11-29 05:58:19.655042',NULL,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [], "parameters": {}, "locators": [{"kind": "magnet", "value": "magnet:?xt=urn:btih:0000000000000000000000000000000000000005", "offset": 0}]}','5861543e5b8d022d912f9271f2e6f53df51659f995030a6b9669a272c71b4571');
INSERT INTO "observation" VALUES(7,'index','6','43ad857a7ab18a58cb4d537e0fe7f18a9be5cf30132af88b9d00f38a3ea48522','Tideglass 70B','https://index.example/6',NULL,'magnet:?xt=urn:btih:0000000000000000000000000000000000000006','2026-11-29 05:58:19.000000','2026-11-29 05:58:19.988028',NULL,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [], "parameters": {}, "locators": [{"kind": "magnet", "value": "magnet:?xt=urn:btih:0000000000000000000000000000000000000006", "offset": 0}]}','f48c3661dfd526d45d45113e2fd14cc384223fa755573a47d48d33c1e5a9487f');
INSERT INTO "observation" VALUES(8,'index','7','2bbf39863a8252a2be10306851728705aebd4d72906df7c7da7f1ec8b23983ac','Tideglass 70B','https://index.example/7',NULL,'magnet:?xt=urn:btih:0000000000000000000000000000000000000007','2026-11-29 05:58:20.000000','2026-11-29 05:58:20.262048',NULL,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [], "parameters": {}, "locators": [{"kind": "magnet", "value": "magnet:?xt=urn:btih:0000000000000000000000000000000000000007", "offset": 0}]}','9171efd67be5e08191014caef6d960a176d734de250250a6a373e1dc9a5f06b1');
INSERT INTO "observation" VALUES(9,'index','8','0a8a91867f5b240f1488d6ee832253dfe7afc6628f56740e03aec020c8f49971','Tideglass 70B','https://index.example/8',NULL,'magnet:?xt=urn:btih:0000000000000000000000000000000000000008','2026-11-29 05:58:20.000000','2026-11-29 05:58:20.262048',NULL,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [], "parameters": {}, "locators": [{"kind": "magnet", "value": "magnet:?xt=urn:btih:0000000000000000000000000000000000000008", "offset": 0}]}','9171efd67be5e08191014caef6d960a176d734de250250a6a373e1dc9a5f06b1');
INSERT INTO "observation" VALUES(10,'index','9','ebd5cc0a37973731db10a98593942ba253734b74c56138ed7fdb6836eb480994','Tideglass 70B','https://index.example/9',NULL,'magnet:?xt=urn:btih:0000000000000000000000000000000000000009','2026-11-29 05:58:20.000000','2026-11-29 05:58:20.262048',NULL,'{"size_is_exact": false, "torrent_url": null, "magnet": null, "infohash_v1": null, "infohash_v2": null, "seeders": null, "leechers": null, "files": [], "parameters": {}, "locators": [{"kind": "magnet", "value": "magnet:?xt=urn:btih:0000000000000000000000000000000000000009", "offset": 0}]}','9171efd67be5e08191014caef6d960a176d734de250250a6a373e1dc9a5f06b1');
CREATE TABLE observed_swarm (
	swarm_key VARCHAR(40) NOT NULL, 
	observation_id INTEGER NOT NULL, 
	CONSTRAINT pk_observed_swarm PRIMARY KEY (swarm_key, observation_id), 
	CONSTRAINT fk_observed_swarm_observation_id FOREIGN KEY(observation_id) REFERENCES observation (id) ON DELETE CASCADE
);
INSERT INTO "observed_swarm" VALUES('0000000000000000000000000000000000000001',2);
INSERT INTO "observed_swarm" VALUES('0000000000000000000000000000000000000002',3);
INSERT INTO "observed_swarm" VALUES('0000000000000000000000000000000000000003',4);
INSERT INTO "observed_swarm" VALUES('0000000000000000000000000000000000000001',5);
INSERT INTO "observed_swarm" VALUES('0000000000000000000000000000000000000005',6);
INSERT INTO "observed_swarm" VALUES('0000000000000000000000000000000000000006',7);
INSERT INTO "observed_swarm" VALUES('0000000000000000000000000000000000000007',8);
INSERT INTO "observed_swarm" VALUES('0000000000000000000000000000000000000008',9);
INSERT INTO "observed_swarm" VALUES('0000000000000000000000000000000000000009',10);
CREATE TABLE outbox (
	id INTEGER NOT NULL, 
	"key" VARCHAR(64) NOT NULL, 
	channel TEXT NOT NULL, 
	finding_id TEXT NOT NULL, 
	alert JSON NOT NULL, 
	state TEXT NOT NULL, 
	due_at DATETIME NOT NULL, 
	lease_token TEXT, 
	lease_until DATETIME, 
	attempts INTEGER NOT NULL, 
	uncertain BOOLEAN NOT NULL, 
	last_error TEXT, 
	reference TEXT, 
	created_at DATETIME NOT NULL, 
	sent_at DATETIME, 
	CONSTRAINT pk_outbox PRIMARY KEY (id), 
	CONSTRAINT uq_outbox_key UNIQUE ("key")
);
INSERT INTO "outbox" VALUES(1,'25fbfa8c339d1181c2199ec9ccaebcdb58a559b97acec92c5e0f45faf07036a7','hook','LW-6BCNSBWPW7P','{"finding": "LW-6BCNSBWPW7P", "event": "opened", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: leaked on hub, proved", "severity": "critical", "verdict": "proved", "verdict_detail": "The host''s own digest of a file equals that of the asset''s file.", "score": 1.0, "since": "2026-11-29T05:58:01+00:00", "at": "2026-11-29T05:58:01.075+00:00", "places": [{"site": "hub", "url": "http://127.0.0.1:8080/someone/thing", "title": "someone/thing", "seen_at": "2026-11-29T05:58:01+00:00", "published_at": "2026-11-29T05:57:47+00:00", "locators": ["http://127.0.0.1:8080/someone/thing"]}], "reasons": ["sha256: ''w.bin'' has the sha256 of ''w.bin'' (+40.0 bits)", "size: ''w.bin'' has the 3000001 bytes of ''w.bin'' (+14.0 bits)", "file_name: a file called ''w.bin'' (+3.0 bits)"], "spread": "seen once on 1 site: hub", "advice": "Confirm, preserve the evidence, and ask the host or index to remove it.", "content": "opened", "test": false}','sent','2026-11-29 05:58:01.075910',NULL,NULL,1,0,NULL,'msg_25fbfa8c339d1181c2199ec9ccaebcdb58a559b9','2026-11-29 05:58:01.075910','2026-11-29 05:58:01.289298');
INSERT INTO "outbox" VALUES(2,'4481df20c962d6444c1aaa1336323bc8508b58a821dda2018f2b321b4c7cba73','hook','LW-BIHIRWIOJJ3','{"finding": "LW-BIHIRWIOJJ3", "event": "opened", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: possible leak on index", "severity": "high", "verdict": "unknown", "verdict_detail": "The torrent''s metadata is being fetched; the verdict follows.", "score": 0.9894, "since": "2026-11-29T05:58:00+00:00", "at": "2026-11-29T05:58:00.993+00:00", "places": [{"site": "index", "url": "https://index.example/1", "title": "Tideglass 70B", "seen_at": "2026-11-29T05:58:00+00:00", "published_at": "2026-11-29T05:57:47+00:00", "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000001"]}], "reasons": ["title: ''Tideglass 70B'' is the name (+14.0 bits)", "words: says where it can be had, beside the name (+2.5 bits)"], "spread": "seen once on 1 site: index", "advice": "Look at the page now; a verdict from the torrent''s metadata follows if peers can be found.", "content": "opened", "test": false}','sent','2026-11-29 05:58:00.993825',NULL,NULL,1,0,NULL,'msg_4481df20c962d6444c1aaa1336323bc8508b58a8','2026-11-29 05:58:00.993825','2026-11-29 05:58:01.943687');
INSERT INTO "outbox" VALUES(3,'86f418618ef6fed3abd28240a9ceec1a749f683a0a9f5f305a3ec850b00a5c9c','hook','LW-JIJBGPVXOHD','{"finding": "LW-JIJBGPVXOHD", "event": "opened", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: possible leak on index", "severity": "high", "verdict": "unknown", "verdict_detail": "The torrent''s metadata is being fetched; the verdict follows.", "score": 0.9894, "since": "2026-11-29T05:58:00+00:00", "at": "2026-11-29T05:58:00.993+00:00", "places": [{"site": "index", "url": "https://index.example/2", "title": "Tideglass 70B", "seen_at": "2026-11-29T05:58:00+00:00", "published_at": "2026-11-29T05:57:47+00:00", "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000002"]}], "reasons": ["title: ''Tideglass 70B'' is the name (+14.0 bits)", "words: says where it can be had, beside the name (+2.5 bits)"], "spread": "seen once on 1 site: index", "advice": "Look at the page now; a verdict from the torrent''s metadata follows if peers can be found.", "content": "opened", "test": false}','sent','2026-11-29 05:58:00.993825',NULL,NULL,1,0,NULL,'msg_86f418618ef6fed3abd28240a9ceec1a749f683a','2026-11-29 05:58:00.993825','2026-11-29 05:58:02.165366');
INSERT INTO "outbox" VALUES(4,'7caa46bd530124bea75694c45fb85d719d0c604bc193bde02e388b0ea3149151','hook','LW-QIGTMIDIXQX','{"finding": "LW-QIGTMIDIXQX", "event": "opened", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: possible leak on index", "severity": "high", "verdict": "unknown", "verdict_detail": "The torrent''s metadata is being fetched; the verdict follows.", "score": 0.9894, "since": "2026-11-29T05:58:00+00:00", "at": "2026-11-29T05:58:00.993+00:00", "places": [{"site": "index", "url": "https://index.example/3", "title": "Tideglass 70B", "seen_at": "2026-11-29T05:58:00+00:00", "published_at": "2026-11-29T05:57:47+00:00", "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000003"]}], "reasons": ["title: ''Tideglass 70B'' is the name (+14.0 bits)", "words: says where it can be had, beside the name (+2.5 bits)"], "spread": "seen once on 1 site: index", "advice": "Look at the page now; a verdict from the torrent''s metadata follows if peers can be found.", "content": "opened", "test": false}','sent','2026-11-29 05:58:00.993825',NULL,NULL,1,0,NULL,'msg_7caa46bd530124bea75694c45fb85d719d0c604b','2026-11-29 05:58:00.993825','2026-11-29 05:58:02.389235');
INSERT INTO "outbox" VALUES(5,'30976c0798e0604c55343f44db0c910ec3fe4bf5a1a60dcb6bead6b59f339561','hook','LW-BIHIRWIOJJ3','{"finding": "LW-BIHIRWIOJJ3", "event": "sighted", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: the same leak is now on mirror too", "severity": "high", "verdict": "unknown", "verdict_detail": "The torrent''s metadata is being fetched; the verdict follows.", "score": 0.9894, "since": "2026-11-29T05:58:00+00:00", "at": "2026-11-29T05:58:01.035+00:00", "places": [{"site": "mirror", "url": "https://mirror.example/m1", "title": "what I found", "seen_at": "2026-11-29T05:58:01+00:00", "published_at": null, "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000001"]}, {"site": "index", "url": "https://index.example/1", "title": "Tideglass 70B", "seen_at": "2026-11-29T05:58:00+00:00", "published_at": "2026-11-29T05:57:47+00:00", "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000001"]}], "reasons": ["title: ''Tideglass 70B'' is the name (+14.0 bits)", "words: says where it can be had, beside the name (+2.5 bits)"], "spread": "seen 2 times on 2 sites: index, mirror", "advice": "Look at the page now; a verdict from the torrent''s metadata follows if peers can be found.", "content": "site:mirror", "test": false}','sent','2026-11-29 05:58:01.035982',NULL,NULL,1,0,NULL,'msg_30976c0798e0604c55343f44db0c910ec3fe4bf5','2026-11-29 05:58:01.035982','2026-11-29 05:58:02.494365');
INSERT INTO "outbox" VALUES(6,'c34dbdc41385034035426a8b02feb93957736646d68d8ad81735dc646332dac3','hook','LW-CHADWSZQJD4','{"finding": "LW-CHADWSZQJD4", "event": "opened", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: possible leak on index", "severity": "high", "verdict": "unknown", "verdict_detail": "The torrent''s metadata is being fetched; the verdict follows.", "score": 0.9894, "since": "2026-11-29T05:58:19+00:00", "at": "2026-11-29T05:58:19.655+00:00", "places": [{"site": "index", "url": "https://index.example/5", "title": "Tideglass 70B", "seen_at": "2026-11-29T05:58:19+00:00", "published_at": "2026-11-29T05:58:19+00:00", "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000005"]}], "reasons": ["title: ''Tideglass 70B'' is the name (+14.0 bits)", "words: says where it can be had, beside the name (+2.5 bits)"], "spread": "seen once on 1 site: index", "advice": "Look at the page now; a verdict from the torrent''s metadata follows if peers can be found.", "content": "opened", "test": false}','retry','2026-11-29 06:56:39.916414',NULL,NULL,1,0,'webhook: 127.0.0.1 answered 503',NULL,'2026-11-29 05:58:19.655042',NULL);
INSERT INTO "outbox" VALUES(7,'76fa6bd2f1282fd6d89f1f1548cccea4ad30333fd228382cb185063ff6a6981d','hook','LW-PORHK747DFN','{"finding": "LW-PORHK747DFN", "event": "opened", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: possible leak on index", "severity": "high", "verdict": "unknown", "verdict_detail": "The torrent''s metadata is being fetched; the verdict follows.", "score": 0.9894, "since": "2026-11-29T05:58:19+00:00", "at": "2026-11-29T05:58:19.988+00:00", "places": [{"site": "index", "url": "https://index.example/6", "title": "Tideglass 70B", "seen_at": "2026-11-29T05:58:19+00:00", "published_at": "2026-11-29T05:58:19+00:00", "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000006"]}], "reasons": ["title: ''Tideglass 70B'' is the name (+14.0 bits)", "words: says where it can be had, beside the name (+2.5 bits)"], "spread": "seen once on 1 site: index", "advice": "Look at the page now; a verdict from the torrent''s metadata follows if peers can be found.", "content": "opened", "test": false}','uncertain','2026-11-29 05:58:26.857683',NULL,NULL,1,1,'127.0.0.1:8080: the answer broke off or is not HTTP (RemoteProtocolError); the request may have arrived',NULL,'2026-11-29 05:58:19.988028',NULL);
INSERT INTO "outbox" VALUES(8,'71f42f7473019459e716cfcb54e96879b2476bcfa4abc6007c7c8822b62c41cc','hook','LW-QVVRMTJOPNK','{"finding": "LW-QVVRMTJOPNK", "event": "opened", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: possible leak on index", "severity": "high", "verdict": "unknown", "verdict_detail": "The torrent''s metadata is being fetched; the verdict follows.", "score": 0.9894, "since": "2026-11-29T05:58:20+00:00", "at": "2026-11-29T05:58:20.262+00:00", "places": [{"site": "index", "url": "https://index.example/7", "title": "Tideglass 70B", "seen_at": "2026-11-29T05:58:20+00:00", "published_at": "2026-11-29T05:58:20+00:00", "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000007"]}], "reasons": ["title: ''Tideglass 70B'' is the name (+14.0 bits)", "words: says where it can be had, beside the name (+2.5 bits)"], "spread": "seen once on 1 site: index", "advice": "Look at the page now; a verdict from the torrent''s metadata follows if peers can be found.", "content": "opened", "test": false}','leased','2026-11-29 05:58:20.262048','9e9f7c04b236e2b1','2026-11-29 06:00:20.394617',1,0,NULL,NULL,'2026-11-29 05:58:20.262048',NULL);
INSERT INTO "outbox" VALUES(9,'ab7bad313bfef5b6a653d294354c5bbf02c0dc79e597694e3690f26e21b886a8','hook','LW-AXNYUGQSIEA','{"finding": "LW-AXNYUGQSIEA", "event": "opened", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: possible leak on index", "severity": "high", "verdict": "unknown", "verdict_detail": "The torrent''s metadata is being fetched; the verdict follows.", "score": 0.9894, "since": "2026-11-29T05:58:20+00:00", "at": "2026-11-29T05:58:20.262+00:00", "places": [{"site": "index", "url": "https://index.example/8", "title": "Tideglass 70B", "seen_at": "2026-11-29T05:58:20+00:00", "published_at": "2026-11-29T05:58:20+00:00", "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000008"]}], "reasons": ["title: ''Tideglass 70B'' is the name (+14.0 bits)", "words: says where it can be had, beside the name (+2.5 bits)"], "spread": "seen once on 1 site: index", "advice": "Look at the page now; a verdict from the torrent''s metadata follows if peers can be found.", "content": "opened", "test": false}','pending','2026-11-29 05:58:20.262048',NULL,NULL,0,0,NULL,NULL,'2026-11-29 05:58:20.262048',NULL);
INSERT INTO "outbox" VALUES(10,'d50a04ee46ea8403d0fc59f88c9789c2330ae897a9b8a24cc52a1f279a3a284b','hook','LW-NEEG3JXYGPG','{"finding": "LW-NEEG3JXYGPG", "event": "opened", "asset_id": "tideglass", "asset": "Tideglass 70B", "headline": "Tideglass 70B: possible leak on index", "severity": "high", "verdict": "unknown", "verdict_detail": "The torrent''s metadata is being fetched; the verdict follows.", "score": 0.9894, "since": "2026-11-29T05:58:20+00:00", "at": "2026-11-29T05:58:20.262+00:00", "places": [{"site": "index", "url": "https://index.example/9", "title": "Tideglass 70B", "seen_at": "2026-11-29T05:58:20+00:00", "published_at": "2026-11-29T05:58:20+00:00", "locators": ["magnet:?xt=urn:btih:0000000000000000000000000000000000000009"]}], "reasons": ["title: ''Tideglass 70B'' is the name (+14.0 bits)", "words: says where it can be had, beside the name (+2.5 bits)"], "spread": "seen once on 1 site: index", "advice": "Look at the page now; a verdict from the torrent''s metadata follows if peers can be found.", "content": "opened", "test": false}','pending','2026-11-29 05:58:20.262048',NULL,NULL,0,0,NULL,NULL,'2026-11-29 05:58:20.262048',NULL);
CREATE TABLE piece_table (
	sha256 BLOB NOT NULL, 
	piece_length INTEGER NOT NULL, 
	first BIGINT NOT NULL, 
	digests BLOB NOT NULL, 
	CONSTRAINT pk_piece_table PRIMARY KEY (sha256, piece_length, first)
);
CREATE TABLE proof (
	id INTEGER NOT NULL, 
	finding_id TEXT NOT NULL, 
	swarm_key VARCHAR(40) NOT NULL, 
	infohashes JSON NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_try_at DATETIME NOT NULL, 
	verdict TEXT NOT NULL, 
	method TEXT, 
	reason TEXT, 
	files JSON NOT NULL, 
	metadata_digest VARCHAR(64), 
	updated_at DATETIME NOT NULL, urls JSON DEFAULT '[]' NOT NULL, rank INTEGER DEFAULT '2' NOT NULL, error FLOAT, variant JSON, fake JSON, peers JSON DEFAULT '[]' NOT NULL, 
	CONSTRAINT pk_proof PRIMARY KEY (id), 
	CONSTRAINT fk_proof_finding_id FOREIGN KEY(finding_id) REFERENCES finding (id) ON DELETE CASCADE, 
	CONSTRAINT uq_proof_finding_id_swarm_key UNIQUE (finding_id, swarm_key)
);
INSERT INTO "proof" VALUES(1,'LW-BIHIRWIOJJ3','0000000000000000000000000000000000000001','["0000000000000000000000000000000000000001", null]','wanted',1,'2026-11-29 06:58:01.941145','unknown',NULL,'the swarm is switched off','[]',NULL,'2026-11-29 05:58:01.941145','[]',2,NULL,NULL,NULL,'[]');
INSERT INTO "proof" VALUES(2,'LW-JIJBGPVXOHD','0000000000000000000000000000000000000002','["0000000000000000000000000000000000000002", null]','wanted',1,'2026-11-29 06:58:01.941614','unknown',NULL,'the swarm is switched off','[]',NULL,'2026-11-29 05:58:01.941614','[]',2,NULL,NULL,NULL,'[]');
INSERT INTO "proof" VALUES(3,'LW-QIGTMIDIXQX','0000000000000000000000000000000000000003','["0000000000000000000000000000000000000003", null]','wanted',1,'2026-11-29 06:58:01.942937','unknown',NULL,'the swarm is switched off','[]',NULL,'2026-11-29 05:58:01.942937','[]',2,NULL,NULL,NULL,'[]');
INSERT INTO "proof" VALUES(4,'LW-CHADWSZQJD4','0000000000000000000000000000000000000005','["0000000000000000000000000000000000000005", null]','wanted',1,'2026-11-29 06:58:19.935063','unknown',NULL,'the swarm is switched off','[]',NULL,'2026-11-29 05:58:19.935063','[]',2,NULL,NULL,NULL,'[]');
INSERT INTO "proof" VALUES(5,'LW-PORHK747DFN','0000000000000000000000000000000000000006','["0000000000000000000000000000000000000006", null]','wanted',1,'2026-11-29 06:58:20.195693','unknown',NULL,'the swarm is switched off','[]',NULL,'2026-11-29 05:58:20.195693','[]',2,NULL,NULL,NULL,'[]');
INSERT INTO "proof" VALUES(6,'LW-QVVRMTJOPNK','0000000000000000000000000000000000000007','["0000000000000000000000000000000000000007", null]','wanted',0,'2026-11-29 05:58:20.262048','unknown',NULL,NULL,'[]',NULL,'2026-11-29 05:58:20.262048','[]',2,NULL,NULL,NULL,'[]');
INSERT INTO "proof" VALUES(7,'LW-AXNYUGQSIEA','0000000000000000000000000000000000000008','["0000000000000000000000000000000000000008", null]','wanted',0,'2026-11-29 05:58:20.262048','unknown',NULL,NULL,'[]',NULL,'2026-11-29 05:58:20.262048','[]',2,NULL,NULL,NULL,'[]');
INSERT INTO "proof" VALUES(8,'LW-NEEG3JXYGPG','0000000000000000000000000000000000000009','["0000000000000000000000000000000000000009", null]','wanted',0,'2026-11-29 05:58:20.262048','unknown',NULL,NULL,'[]',NULL,'2026-11-29 05:58:20.262048','[]',2,NULL,NULL,NULL,'[]');
CREATE TABLE sighting (
	id INTEGER NOT NULL, 
	finding_id TEXT NOT NULL, 
	observation_id INTEGER NOT NULL, 
	asset_id TEXT NOT NULL, 
	site TEXT NOT NULL, 
	locators JSON NOT NULL, 
	tier TEXT NOT NULL, 
	score FLOAT NOT NULL, 
	seen_at DATETIME NOT NULL, 
	CONSTRAINT pk_sighting PRIMARY KEY (id), 
	CONSTRAINT fk_sighting_finding_id FOREIGN KEY(finding_id) REFERENCES finding (id) ON DELETE CASCADE, 
	CONSTRAINT fk_sighting_observation_id FOREIGN KEY(observation_id) REFERENCES observation (id), 
	CONSTRAINT uq_sighting_asset_id_observation_id UNIQUE (asset_id, observation_id)
);
INSERT INTO "sighting" VALUES(1,'LW-6BCNSBWPW7P',1,'tideglass','hub','["http://127.0.0.1:8080/someone/thing"]','auto',1.0,'2026-11-29 05:58:01.075910');
INSERT INTO "sighting" VALUES(2,'LW-BIHIRWIOJJ3',2,'tideglass','index','["magnet:?xt=urn:btih:0000000000000000000000000000000000000001"]','review',0.9894,'2026-11-29 05:58:00.993825');
INSERT INTO "sighting" VALUES(3,'LW-JIJBGPVXOHD',3,'tideglass','index','["magnet:?xt=urn:btih:0000000000000000000000000000000000000002"]','review',0.9894,'2026-11-29 05:58:00.993825');
INSERT INTO "sighting" VALUES(4,'LW-QIGTMIDIXQX',4,'tideglass','index','["magnet:?xt=urn:btih:0000000000000000000000000000000000000003"]','review',0.9894,'2026-11-29 05:58:00.993825');
INSERT INTO "sighting" VALUES(5,'LW-BIHIRWIOJJ3',5,'tideglass','mirror','["magnet:?xt=urn:btih:0000000000000000000000000000000000000001"]','review',0.9894,'2026-11-29 05:58:01.035982');
INSERT INTO "sighting" VALUES(6,'LW-CHADWSZQJD4',6,'tideglass','index','["magnet:?xt=urn:btih:0000000000000000000000000000000000000005"]','review',0.9894,'2026-11-29 05:58:19.655042');
INSERT INTO "sighting" VALUES(7,'LW-PORHK747DFN',7,'tideglass','index','["magnet:?xt=urn:btih:0000000000000000000000000000000000000006"]','review',0.9894,'2026-11-29 05:58:19.988028');
INSERT INTO "sighting" VALUES(8,'LW-QVVRMTJOPNK',8,'tideglass','index','["magnet:?xt=urn:btih:0000000000000000000000000000000000000007"]','review',0.9894,'2026-11-29 05:58:20.262048');
INSERT INTO "sighting" VALUES(9,'LW-AXNYUGQSIEA',9,'tideglass','index','["magnet:?xt=urn:btih:0000000000000000000000000000000000000008"]','review',0.9894,'2026-11-29 05:58:20.262048');
INSERT INTO "sighting" VALUES(10,'LW-NEEG3JXYGPG',10,'tideglass','index','["magnet:?xt=urn:btih:0000000000000000000000000000000000000009"]','review',0.9894,'2026-11-29 05:58:20.262048');
CREATE TABLE signal (
	id INTEGER NOT NULL, 
	sighting_id INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	weight FLOAT NOT NULL, 
	CONSTRAINT pk_signal PRIMARY KEY (id), 
	CONSTRAINT fk_signal_sighting_id FOREIGN KEY(sighting_id) REFERENCES sighting (id) ON DELETE CASCADE
);
INSERT INTO "signal" VALUES(1,1,'sha256','''w.bin'' has the sha256 of ''w.bin''',40.0);
INSERT INTO "signal" VALUES(2,1,'size','''w.bin'' has the 3000001 bytes of ''w.bin''',14.0);
INSERT INTO "signal" VALUES(3,1,'file_name','a file called ''w.bin''',3.0);
INSERT INTO "signal" VALUES(4,2,'title','''Tideglass 70B'' is the name',14.04);
INSERT INTO "signal" VALUES(5,2,'words','says where it can be had, beside the name',2.5);
INSERT INTO "signal" VALUES(6,3,'title','''Tideglass 70B'' is the name',14.04);
INSERT INTO "signal" VALUES(7,3,'words','says where it can be had, beside the name',2.5);
INSERT INTO "signal" VALUES(8,4,'title','''Tideglass 70B'' is the name',14.04);
INSERT INTO "signal" VALUES(9,4,'words','says where it can be had, beside the name',2.5);
INSERT INTO "signal" VALUES(10,5,'known','swarm:0000000000000000000000000000000000000001 is known from a finding',16.54);
INSERT INTO "signal" VALUES(11,6,'title','''Tideglass 70B'' is the name',14.04);
INSERT INTO "signal" VALUES(12,6,'words','says where it can be had, beside the name',2.5);
INSERT INTO "signal" VALUES(13,7,'title','''Tideglass 70B'' is the name',14.04);
INSERT INTO "signal" VALUES(14,7,'words','says where it can be had, beside the name',2.5);
INSERT INTO "signal" VALUES(15,8,'title','''Tideglass 70B'' is the name',14.04);
INSERT INTO "signal" VALUES(16,8,'words','says where it can be had, beside the name',2.5);
INSERT INTO "signal" VALUES(17,9,'title','''Tideglass 70B'' is the name',14.04);
INSERT INTO "signal" VALUES(18,9,'words','says where it can be had, beside the name',2.5);
INSERT INTO "signal" VALUES(19,10,'title','''Tideglass 70B'' is the name',14.04);
INSERT INTO "signal" VALUES(20,10,'words','says where it can be had, beside the name',2.5);
CREATE TABLE site (
	name TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	host TEXT NOT NULL, 
	active BOOLEAN NOT NULL, 
	cursor JSON NOT NULL, 
	validators JSON NOT NULL, 
	version INTEGER NOT NULL, 
	next_due_at DATETIME NOT NULL, 
	failures INTEGER NOT NULL, 
	last_error TEXT, 
	last_ok_at DATETIME, verdict TEXT, failure TEXT, covered_until DATETIME, blind_told_at DATETIME, ledger JSON DEFAULT '{}' NOT NULL, interval_s FLOAT, interval_why TEXT, 
	CONSTRAINT pk_site PRIMARY KEY (name)
);
INSERT INTO "site" VALUES('index','feed','127.0.0.1:8080',1,'{}','{}',60,'2026-11-29 05:58:20.176297',0,NULL,'2026-11-29 05:58:20.176297','ok',NULL,'2026-11-29 05:58:20.176297',NULL,'{"mark": {"ids": ["1", "2", "3", "5", "6"], "newest": "2026-11-29T05:58:19Z"}, "holes": [], "profile": {"items": 171, "forms": {"ids of a known form": ["0"], "urls of a known form": ["index.example/0"], "torrent_urls of a known form": [], "urls of a known build": ["index.example/*/1.*?"], "ids of a known build": [], "torrent_urls of a known build": [], "rows of a known build": [], "authors that are known": []}, "shares": {"title": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "url": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "published_at": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "text": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "titles that are no urls": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 3, "of": 3}, "title in words": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 3, "of": 3}, "title without broken characters": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 3, "of": 3}, "text without broken characters": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "text of a sentence or more": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "title with spaces": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 3, "of": 3}, "text without markup": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "ids that are no urls": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "ids of digits": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "url with a host": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "url that is not the id": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "published_at that can be true": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "published_at of the last weeks": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "published_at with a time of day": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "title as few words": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 3, "of": 3}, "text as an address": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "id as a number": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "different titles": {"mean": 0.3222222222222222, "deviation": 0.011111111111111112, "polls": 19, "good": 0, "of": 0}, "different urls": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "different dates": {"mean": 0.3222222222222222, "deviation": 0.011111111111111112, "polls": 19, "good": 0, "of": 0}, "different ids": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "different texts": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "different beginnings of texts": {"mean": 0.3222222222222222, "deviation": 0.011111111111111112, "polls": 19, "good": 0, "of": 0}, "different ends of urls": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field links": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field links as more": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field link": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "different field link": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field link as an address": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field id": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "different field id": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field id as a number": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field summary": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "different field summary": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field summary as an address": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field title": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "different field title": {"mean": 0.3222222222222222, "deviation": 0.011111111111111112, "polls": 19, "good": 0, "of": 0}, "field title as few words": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field title_detail": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field title_detail as more": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field published_parsed": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "field published_parsed as more": {"mean": 1.0, "deviation": 0.0, "polls": 19, "good": 0, "of": 0}, "ids of a known form": {"mean": 1.0, "deviation": 0.0, "polls": 18, "good": 5, "of": 5}, "urls of a known form": {"mean": 1.0, "deviation": 0.0, "polls": 18, "good": 5, "of": 5}, "urls of a known build": {"mean": 1.0, "deviation": 0.0, "polls": 18, "good": 5, "of": 5}}, "numbers": {"rows": {"mean": 2.087469778611978, "deviation": 0.08425049766310458, "polls": 56, "good": 0, "of": 0}, "size of field link": {"mean": 4.584962500721156, "deviation": 0.0, "polls": 1, "good": 0, "of": 0}, "size of field id": {"mean": 1.995455984699983, "deviation": 0.0, "polls": 1, "good": 0, "of": 0}, "size of field summary": {"mean": 5.930737337562887, "deviation": 0.0, "polls": 1, "good": 0, "of": 0}, "size of field title": {"mean": 3.807354922057604, "deviation": 0.0, "polls": 1, "good": 0, "of": 0}}, "suspects": []}, "canary_at": null, "canary_missing": ""}',NULL,NULL);
INSERT INTO "site" VALUES('mirror','feed','127.0.0.1:8080',1,'{}','{}',58,'2026-11-29 05:58:20.349669',0,NULL,'2026-11-29 05:58:20.274586','ok',NULL,'2026-11-29 05:58:20.274586',NULL,'{"mark": {"ids": ["m1"], "newest": null}, "holes": [], "profile": {"items": 57, "forms": {"ids of a known form": ["0a"], "urls of a known form": ["mirror.example/m0"], "torrent_urls of a known form": [], "urls of a known build": ["mirror.example/*/1.*?"], "ids of a known build": [], "torrent_urls of a known build": [], "rows of a known build": [], "authors that are known": []}, "shares": {"title": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "url": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "text": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "titles that are no urls": {"mean": 1.0, "deviation": 0.0, "polls": 6, "good": 2, "of": 2}, "title in words": {"mean": 1.0, "deviation": 0.0, "polls": 6, "good": 2, "of": 2}, "title without broken characters": {"mean": 1.0, "deviation": 0.0, "polls": 6, "good": 2, "of": 2}, "text without broken characters": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "text of a sentence or more": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "title with spaces": {"mean": 1.0, "deviation": 0.0, "polls": 6, "good": 2, "of": 2}, "text without markup": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "ids that are no urls": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "url with a host": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "url that is not the id": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "title as few words": {"mean": 1.0, "deviation": 0.0, "polls": 6, "good": 2, "of": 2}, "text as an address": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "id as a word": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different titles": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different urls": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different ids": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different texts": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different beginnings of texts": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different ends of urls": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field links": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field links as more": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field link": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different field link": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field link as an address": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field id": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different field id": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field id as a word": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field summary": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different field summary": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field summary as an address": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field title": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "different field title": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field title as few words": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field title_detail": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "field title_detail as more": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 1, "of": 1}, "ids of a known form": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 0, "of": 0}, "urls of a known form": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 0, "of": 0}, "urls of a known build": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 0, "of": 0}}, "numbers": {"rows": {"mean": 1.0, "deviation": 0.0, "polls": 57, "good": 0, "of": 0}}, "suspects": []}, "canary_at": null, "canary_missing": ""}',NULL,NULL);
INSERT INTO "site" VALUES('hub','huggingface','127.0.0.1:8080',1,'{"someone/thing": "r1"}','{}',61,'2026-11-29 05:58:20.350368',0,NULL,'2026-11-29 05:58:20.266939','ok',NULL,'2026-11-29 05:58:20.266939',NULL,'{"mark": null, "holes": [], "profile": {"items": 1, "forms": {"ids of a known form": ["/a"], "urls of a known form": ["0.0.0.0:0/someone/thing"], "torrent_urls of a known form": [], "urls of a known build": ["127.0.0.1:8080/someone/2.*?"], "ids of a known build": [], "torrent_urls of a known build": [], "rows of a known build": [], "authors that are known": ["2a59d59e"]}, "shares": {"title": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "url": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "published_at": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "author": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "size": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "files": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "file with a size": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "file with a hash": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "file without broken characters": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "file with an ending": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "titles that are no urls": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "title in words": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "title without broken characters": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "author without broken characters": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "title without spaces": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "author without spaces": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "ids that are no urls": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "url with a host": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "url with the author": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "url that is not the id": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "published_at that can be true": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "published_at of the last weeks": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "published_at with a time of day": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "title as a word": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "author as a word": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "id as a word": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different titles": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different urls": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different dates": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different ids": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different authors": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different files": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different ends of urls": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field id": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 4, "of": 4}, "different field id": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 4, "of": 4}, "field id as a word": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 4, "of": 4}, "field siblings": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 2, "of": 2}, "field siblings as more": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 2, "of": 2}, "field sha": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 3, "of": 3}, "different field sha": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 3, "of": 3}, "field sha as a word": {"mean": 1.0, "deviation": 0.0, "polls": 7, "good": 3, "of": 3}, "field siblings.rfilename": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 2, "of": 2}, "different field siblings.rfilename": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 2, "of": 2}, "field siblings.rfilename as a word": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 2, "of": 2}, "field createdAt": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different field createdAt": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field createdAt as a date": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field author": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different field author": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field author as a word": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field siblings.lfs": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field siblings.lfs as more": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field siblings.lfs.size": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different field siblings.lfs.size": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field siblings.lfs.size as a number": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field siblings.lfs.sha256": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "different field siblings.lfs.sha256": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}, "field siblings.lfs.sha256 as a number": {"mean": 0.0, "deviation": 0.0, "polls": 0, "good": 1, "of": 1}}, "numbers": {}, "suspects": []}, "canary_at": null, "canary_missing": ""}',NULL,NULL);
CREATE TABLE suppressed (
	id INTEGER NOT NULL, 
	asset_id TEXT NOT NULL, 
	observation_id INTEGER NOT NULL, 
	entry TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_suppressed PRIMARY KEY (id), 
	CONSTRAINT fk_suppressed_asset_id FOREIGN KEY(asset_id) REFERENCES asset (id) ON DELETE CASCADE, 
	CONSTRAINT fk_suppressed_observation_id FOREIGN KEY(observation_id) REFERENCES observation (id) ON DELETE CASCADE, 
	CONSTRAINT uq_suppressed_asset_id_observation_id UNIQUE (asset_id, observation_id)
);
CREATE TABLE swarm (
	swarm_key VARCHAR(40) NOT NULL, 
	infohashes JSON NOT NULL, 
	trackers JSON NOT NULL, 
	since DATETIME NOT NULL, 
	next_sample_at DATETIME NOT NULL, 
	failures INTEGER NOT NULL, 
	CONSTRAINT pk_swarm PRIMARY KEY (swarm_key)
);
INSERT INTO "swarm" VALUES('0000000000000000000000000000000000000001','["0000000000000000000000000000000000000001", null]','[]','2026-11-29 05:58:00.993825','2026-11-29 05:58:00.993825',0);
INSERT INTO "swarm" VALUES('0000000000000000000000000000000000000002','["0000000000000000000000000000000000000002", null]','[]','2026-11-29 05:58:00.993825','2026-11-29 05:58:00.993825',0);
INSERT INTO "swarm" VALUES('0000000000000000000000000000000000000003','["0000000000000000000000000000000000000003", null]','[]','2026-11-29 05:58:00.993825','2026-11-29 05:58:00.993825',0);
INSERT INTO "swarm" VALUES('0000000000000000000000000000000000000005','["0000000000000000000000000000000000000005", null]','[]','2026-11-29 05:58:19.655042','2026-11-29 05:58:19.655042',0);
INSERT INTO "swarm" VALUES('0000000000000000000000000000000000000006','["0000000000000000000000000000000000000006", null]','[]','2026-11-29 05:58:19.988028','2026-11-29 05:58:19.988028',0);
INSERT INTO "swarm" VALUES('0000000000000000000000000000000000000007','["0000000000000000000000000000000000000007", null]','[]','2026-11-29 05:58:20.262048','2026-11-29 05:58:20.262048',0);
INSERT INTO "swarm" VALUES('0000000000000000000000000000000000000008','["0000000000000000000000000000000000000008", null]','[]','2026-11-29 05:58:20.262048','2026-11-29 05:58:20.262048',0);
INSERT INTO "swarm" VALUES('0000000000000000000000000000000000000009','["0000000000000000000000000000000000000009", null]','[]','2026-11-29 05:58:20.262048','2026-11-29 05:58:20.262048',0);
CREATE TABLE swarm_sample (
	id INTEGER NOT NULL, 
	swarm_key VARCHAR(40) NOT NULL, 
	at DATETIME NOT NULL, 
	method TEXT NOT NULL, 
	source TEXT NOT NULL, 
	seeds INTEGER, 
	leechers INTEGER, 
	completed INTEGER, 
	error FLOAT, 
	origins JSON, 
	CONSTRAINT pk_swarm_sample PRIMARY KEY (id)
);
CREATE INDEX ix_coverage_window_site_started_at ON coverage_window (site, started_at);
CREATE INDEX ix_evidence_digest ON evidence (digest);
CREATE INDEX ix_outbox_channel_state_due_at ON outbox (channel, state, due_at);
CREATE INDEX ix_site_host ON site (host);
CREATE INDEX ix_site_next_due_at ON site (next_due_at);
CREATE INDEX ix_finding_asset_id ON finding (asset_id);
CREATE INDEX ix_artefact_finding_id ON artefact (finding_id);
CREATE INDEX ix_artefact_key ON artefact ("key");
CREATE INDEX ix_finding_event_finding_id ON finding_event (finding_id);
CREATE INDEX ix_proof_finding_id ON proof (finding_id);
CREATE INDEX ix_proof_next_try_at ON proof (next_try_at);
CREATE INDEX ix_proof_swarm_key ON proof (swarm_key);
CREATE INDEX ix_sighting_finding_id ON sighting (finding_id);
CREATE INDEX ix_sighting_observation_id ON sighting (observation_id);
CREATE INDEX ix_signal_sighting_id ON signal (sighting_id);
CREATE INDEX ix_asset_file_asset_id ON asset_file (asset_id);
CREATE INDEX ix_swarm_next_sample_at ON swarm (next_sample_at);
CREATE INDEX ix_swarm_sample_swarm_key_at ON swarm_sample (swarm_key, at);
CREATE INDEX ix_suppressed_observation_id ON suppressed (observation_id);
COMMIT;