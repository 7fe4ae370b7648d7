BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE arrivals (
	id INTEGER NOT NULL, 
	fingerprint BIGINT NOT NULL, 
	path TEXT NOT NULL, 
	name TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	inode BIGINT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	reason TEXT, 
	file_hash VARCHAR(64), 
	asset_id CHAR(32), 
	source_device TEXT, 
	first_seen_at DATETIME NOT NULL, 
	settled_at DATETIME, 
	removed_at DATETIME, 
	CONSTRAINT pk_arrivals PRIMARY KEY (id), 
	CONSTRAINT ck_arrivals_state CHECK (state IN ('filed', 'duplicate', 'ignored', 'held', 'failed')), 
	CONSTRAINT uq_arrivals_fingerprint UNIQUE (fingerprint), 
	CONSTRAINT fk_arrivals_asset_id_media_assets FOREIGN KEY(asset_id) REFERENCES media_assets (id)
);
INSERT INTO "arrivals" VALUES(1,-8132072980373394377,'Zoë''s camera/a copy; it''s "the same".jpg','a copy; it''s "the same".jpg',833,1795268453316310010,3809361,'filed',NULL,'649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9','c916716312b14df388c035d44fc795f8','Zoë''s camera','2026-11-21 13:40:58.119095','2026-11-21 13:40:58.119095','2026-11-21 13:40:58.156799');
INSERT INTO "arrivals" VALUES(2,4455404910539170562,'Zoë''s camera/broken.jpg','broken.jpg',360,1795268453373175989,3809441,'filed',NULL,'2c2f7638857935f1b2919c60044235a0b2da83051a7e0e94ae6bbdc43038024d','2ed167ab3be3425fb78252df8d338d33','Zoë''s camera','2026-11-21 13:40:58.119198','2026-11-21 13:40:58.119198','2026-11-21 13:40:58.156799');
INSERT INTO "arrivals" VALUES(3,9174704063155576797,'Zoë''s camera/latin \xe9
-- x.jpg','latin \xe9
-- x.jpg',653,1795268453373368847,3809457,'filed',NULL,'ab3784526b1546a013da2b0bda46ba29941d40830ae9aee200f2cd817c5d4455','6317629107134c40bf7ccac5e1ddb6fe','Zoë''s camera','2026-11-21 13:40:58.119234','2026-11-21 13:40:58.119234','2026-11-21 13:40:58.156799');
INSERT INTO "arrivals" VALUES(4,-5602542021230242570,'Zoë''s camera/scan (no date) – äöü.png','scan (no date) – äöü.png',118,1795268453337960658,3809393,'filed',NULL,'9079d3b9735b423239fa0aa6f633dc0164bdb85b99ac00fd635191187e7b3630','47dd8d61de854543964315622cc37c7b','Zoë''s camera','2026-11-21 13:40:58.119271','2026-11-21 13:40:58.119271','2026-11-21 13:40:58.156799');
INSERT INTO "arrivals" VALUES(5,-4868166397484333821,'pixel-7/empty.jpg','empty.jpg',0,1795268453373485300,3809489,'filed',NULL,'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','b6342783367a4f95a75d71a7a88bd7a6','pixel-7','2026-11-21 13:40:58.119296','2026-11-21 13:40:58.119296','2026-11-21 13:40:58.156799');
INSERT INTO "arrivals" VALUES(6,-1003362322026182677,'pixel-7/IMG_2.jpg','IMG_2.jpg',723,1795268453316539933,3809377,'filed',NULL,'1c15fba84f56f650f6beef55ed7f09d2335dd80b1feaaeb9767d177357905639','bfd26c102f1b49849c3723c149fc5421','pixel-7','2026-11-21 13:40:58.119321','2026-11-21 13:40:58.119321','2026-11-21 13:40:58.156799');
INSERT INTO "arrivals" VALUES(7,4203482397230973098,'pixel-7/IMG_2.jpg.xmp','IMG_2.jpg.xmp',405,1795268453351130261,3809425,'filed',NULL,'a30e29144fb14a63cfc3a095605d12388413aa6e4b35362bba18d1ce29260dcb','e4408431c8e74683b0c2622b72959437','pixel-7','2026-11-21 13:40:58.119342','2026-11-21 13:40:58.119342','2026-11-21 13:40:58.156799');
INSERT INTO "arrivals" VALUES(8,-2266774773428189501,'pixel-7/VID_20240501_101112.mp4','VID_20240501_101112.mp4',1054,1795268453350195746,3809409,'filed',NULL,'b2211f3b789326df017dde6859f382f785e73e875560a58eb45b4fade49c8fde','b110f95e52524804ab53af202bca62c2','pixel-7','2026-11-21 13:40:58.119377','2026-11-21 13:40:58.119377','2026-11-21 13:40:58.156799');
INSERT INTO "arrivals" VALUES(9,7125915695827564455,'Zoë''s camera/a link.jpg','a link.jpg',10,1795268453373485300,3809499,'ignored','not a regular file: links, pipes and devices are never followed',NULL,NULL,'Zoë''s camera','2026-11-21 13:40:58.132637','2026-11-21 13:41:01.609030',NULL);
INSERT INTO "arrivals" VALUES(10,-6957902886396518697,'pixel-7/IMG_1.jpg','IMG_1.jpg',833,1795268453316145194,3809345,'duplicate',NULL,'649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9','c916716312b14df388c035d44fc795f8','pixel-7','2026-11-21 13:40:58.132674','2026-11-21 13:40:58.132674','2026-11-21 13:40:58.156799');
INSERT INTO "arrivals" VALUES(11,-1169037254216755593,'pixel-7/Thumbs.db','Thumbs.db',11,1795268453373485300,3809473,'ignored','a leftover of another program',NULL,NULL,'pixel-7','2026-11-21 13:40:58.132680','2026-11-21 13:41:01.609088',NULL);
CREATE TABLE backup_copies (
	asset_id CHAR(32) NOT NULL, 
	target TEXT NOT NULL, 
	path TEXT NOT NULL, 
	copied_at DATETIME NOT NULL, 
	verified_at DATETIME, 
	verified_how VARCHAR(16), 
	problem TEXT, 
	CONSTRAINT pk_backup_copies PRIMARY KEY (asset_id, target), 
	CONSTRAINT ck_backup_copies_verified_how CHECK (verified_how IN ('read back', 'store checksum')), 
	CONSTRAINT fk_backup_copies_asset_id_media_assets FOREIGN KEY(asset_id) REFERENCES media_assets (id)
);
INSERT INTO "backup_copies" VALUES('b110f95e52524804ab53af202bca62c2','/data/Backup','Originals/2024/2024-05-01/VID_20240501_101112.mp4','2026-11-21 13:41:23.070680','2026-11-21 13:41:23.070680','read back',NULL);
INSERT INTO "backup_copies" VALUES('e4408431c8e74683b0c2622b72959437','/data/Backup','Originals/2024/2024-02-29/IMG_2.jpg.xmp','2026-11-21 13:41:23.115912','2026-11-21 13:41:23.115912','read back',NULL);
INSERT INTO "backup_copies" VALUES('bfd26c102f1b49849c3723c149fc5421','/data/Backup','Originals/2024/2024-02-29/IMG_2.jpg','2026-11-21 13:41:23.255038','2026-11-21 13:41:23.255038','read back',NULL);
INSERT INTO "backup_copies" VALUES('b6342783367a4f95a75d71a7a88bd7a6','/data/Backup','Originals/2026/2026-11-21/empty.jpg','2026-11-21 13:41:23.281230','2026-11-21 13:41:23.281230','read back',NULL);
INSERT INTO "backup_copies" VALUES('47dd8d61de854543964315622cc37c7b','/data/Backup','Originals/2026/2026-11-21/scan (no date) – äöü.png','2026-11-21 13:41:23.319435','2026-11-21 13:41:23.319435','read back',NULL);
INSERT INTO "backup_copies" VALUES('6317629107134c40bf7ccac5e1ddb6fe','/data/Backup','Originals/2026/2026-11-21/latin __-- x.jpg','2026-11-21 13:41:23.440109','2026-11-21 13:41:23.440109','read back',NULL);
INSERT INTO "backup_copies" VALUES('2ed167ab3be3425fb78252df8d338d33','/data/Backup','Originals/2022/2022-07-01/broken.jpg','2026-11-21 13:41:23.455047','2026-11-21 13:41:23.455047','read back',NULL);
INSERT INTO "backup_copies" VALUES('c916716312b14df388c035d44fc795f8','/data/Backup','Originals/2023/2023-12-25/a copy; it''s "the same".jpg','2026-11-21 13:41:23.483067','2026-11-21 13:41:23.483067','read back',NULL);
CREATE TABLE faces (
	id CHAR(32) NOT NULL, 
	asset_id CHAR(32) NOT NULL, 
	engine TEXT NOT NULL, 
	engine_version TEXT NOT NULL, 
	box_left FLOAT NOT NULL, 
	box_top FLOAT NOT NULL, 
	box_width FLOAT NOT NULL, 
	box_height FLOAT NOT NULL, 
	landmarks JSON DEFAULT '{}' NOT NULL, 
	quality FLOAT NOT NULL, 
	embedding BLOB, 
	is_face BOOLEAN DEFAULT 1 NOT NULL, 
	person_id CHAR(32), 
	assigned_by VARCHAR(16) DEFAULT 'engine' NOT NULL, 
	found_at DATETIME NOT NULL, 
	changed_at DATETIME NOT NULL, 
	CONSTRAINT pk_faces PRIMARY KEY (id), 
	CONSTRAINT ck_faces_assigned_by CHECK (assigned_by IN ('engine', 'person')), 
	CONSTRAINT ck_faces_quality CHECK (quality BETWEEN 0 AND 1), 
	CONSTRAINT fk_faces_asset_id_media_assets FOREIGN KEY(asset_id) REFERENCES media_assets (id), 
	CONSTRAINT fk_faces_person_id_persons FOREIGN KEY(person_id) REFERENCES persons (id)
);
INSERT INTO "faces" VALUES('00000000000000000000000000000000','c916716312b14df388c035d44fc795f8','dlib','20.0',0.1,0.25,0.3,0.4,'{"left_eye": [0.2, 0.3]}',0.875,X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9FA0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0C1C2C3C4C5C6C7C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEFF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F606162636465666768696A6B6C6D6E6F707172737475767778797A7B7C7D7E7F808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9FA0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0C1C2C3C4C5C6C7C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEFF0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF',1,'0123456789abcdef0123456789abcdef','person','2026-10-01 08:00:00.000000','2026-11-01 08:00:00.000001');
CREATE TABLE ledger_dumps (
	id INTEGER NOT NULL, 
	target TEXT NOT NULL, 
	path TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	file_hash VARCHAR(64) NOT NULL, 
	rows JSON NOT NULL, 
	proved_at DATETIME, 
	message TEXT, 
	CONSTRAINT pk_ledger_dumps PRIMARY KEY (id)
);
INSERT INTO "ledger_dumps" VALUES(1,'/data/Backup','Ledger/ledger-20261121T134128284860Z.sqlite3','2026-11-21 13:41:28.325115',225280,'c7c96fc48ac17d50dcd7cbdfeecc12827564f99cb1cb264ba83e1cffd730393d','{"alembic_version":1,"arrivals":11,"backup_copies":8,"faces":0,"ledger_dumps":0,"media_assets":8,"persons":0,"places":1,"restore_drills":1,"stage_runs":16,"system_status":4,"system_status_history":10}','2026-11-21 13:41:28.325115',NULL);
CREATE TABLE media_assets (
	id CHAR(32) NOT NULL, 
	file_hash VARCHAR(64) NOT NULL, 
	original_name TEXT NOT NULL, 
	original_path TEXT NOT NULL, 
	final_path TEXT NOT NULL, 
	size_bytes BIGINT NOT NULL, 
	media_type VARCHAR(16) NOT NULL, 
	mime_type TEXT, 
	width INTEGER, 
	height INTEGER, 
	duration_s FLOAT, 
	camera_make TEXT, 
	camera_model TEXT, 
	captured_at DATETIME NOT NULL, 
	captured_utc_offset VARCHAR(6), 
	captured_at_source TEXT NOT NULL, 
	captured_at_confidence FLOAT NOT NULL, 
	location JSON, 
	evidence JSON DEFAULT '{}' NOT NULL, 
	source_device TEXT, 
	content_identifier TEXT, 
	group_id CHAR(32), 
	group_key VARCHAR(32), 
	is_ingested BOOLEAN DEFAULT 0 NOT NULL, 
	ingested_at DATETIME, 
	is_geocoded BOOLEAN DEFAULT 0 NOT NULL, 
	geocoded_at DATETIME, 
	is_thumbnailed BOOLEAN DEFAULT 0 NOT NULL, 
	thumbnailed_at DATETIME, 
	is_face_scanned BOOLEAN DEFAULT 0 NOT NULL, 
	face_scanned_at DATETIME, 
	is_curated BOOLEAN DEFAULT 0 NOT NULL, 
	curated_at DATETIME, 
	is_backed_up BOOLEAN DEFAULT 0 NOT NULL, 
	backed_up_at DATETIME, 
	has_errors BOOLEAN DEFAULT 0 NOT NULL, 
	error_message TEXT, 
	created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, place_id CHAR(32) CONSTRAINT fk_media_assets_place_id_places REFERENCES places (id), verified_at DATETIME, face_engine TEXT, 
	CONSTRAINT pk_media_assets PRIMARY KEY (id), 
	CONSTRAINT ck_media_assets_media_type CHECK (media_type IN ('image', 'video', 'sidecar')), 
	CONSTRAINT ck_media_assets_file_hash CHECK (length(file_hash) = 64), 
	CONSTRAINT ck_media_assets_final_path CHECK (substr(final_path, 1, 8) = 'Storage/'), 
	CONSTRAINT ck_media_assets_size_bytes CHECK (size_bytes >= 0), 
	CONSTRAINT ck_media_assets_captured_at_confidence CHECK (captured_at_confidence BETWEEN 0 AND 1), 
	CONSTRAINT uq_media_assets_file_hash UNIQUE (file_hash), 
	CONSTRAINT uq_media_assets_final_path UNIQUE (final_path)
);
INSERT INTO "media_assets" VALUES('c916716312b14df388c035d44fc795f8','649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9','a copy; it''s "the same".jpg','Zoë''s camera/a copy; it''s "the same".jpg','Storage/Originals/2023/2023-12-25/a copy; it''s "the same".jpg',833,'image','image/jpeg',48,32,NULL,NULL,NULL,'2023-12-25 12:34:56.000000',NULL,'exif:DateTimeOriginal',0.95,'{"lat":52.52,"lon":13.405}','{"dates":[{"value":"2023-12-25T12:34:56","offset":null,"source":"exif:DateTimeOriginal","confidence":0.95,"chosen":true,"rejected":null},{"value":"2026-11-21T13:40:53.316310","offset":"+00:00","source":"mtime","confidence":0.2,"chosen":false,"rejected":null}],"locations":[{"lat":52.52,"lon":13.405,"alt":null,"source":"exif:GPS","confidence":0.95,"chosen":true,"rejected":null}],"notes":[]}','Zoë''s camera',NULL,NULL,'38d230ba8316d487c6e27991a5cd7797',1,'2026-11-21 13:40:58.091601',1,'2026-11-21 13:41:13.815553',1,'2026-11-21 13:41:20.259985',1,'2026-10-01 08:00:00.000000',0,NULL,1,'2026-11-21 13:41:23.491634',0,NULL,'2026-11-21 13:40:58.091601','f84a0c4a45d85927a98aaba9169ade05','2026-11-21 13:40:58.091601','dlib 20.0');
INSERT INTO "media_assets" VALUES('2ed167ab3be3425fb78252df8d338d33','2c2f7638857935f1b2919c60044235a0b2da83051a7e0e94ae6bbdc43038024d','broken.jpg','Zoë''s camera/broken.jpg','Storage/Originals/2022/2022-07-01/broken.jpg',360,'image','image/jpeg',48,32,NULL,NULL,NULL,'2022-07-01 10:00:00.000000',NULL,'exif:DateTimeOriginal',0.95,NULL,'{"dates":[{"value":"2022-07-01T10:00:00","offset":null,"source":"exif:DateTimeOriginal","confidence":0.95,"chosen":true,"rejected":null},{"value":"2026-11-21T13:40:53.373176","offset":"+00:00","source":"mtime","confidence":0.2,"chosen":false,"rejected":null}],"locations":[],"notes":[]}','Zoë''s camera',NULL,NULL,'9dd93be8504efee246aab9200b4171ad',1,'2026-11-21 13:40:58.091697',0,NULL,0,NULL,0,NULL,0,NULL,1,'2026-11-21 13:41:23.460306',1,'thumbnail: Storage/Originals/2022/2022-07-01/broken.jpg: it cannot be decoded: VipsJpeg: premature end of JPEG image','2026-11-21 13:40:58.091697',NULL,'2026-11-21 13:40:58.091697',NULL);
INSERT INTO "media_assets" VALUES('6317629107134c40bf7ccac5e1ddb6fe','ab3784526b1546a013da2b0bda46ba29941d40830ae9aee200f2cd817c5d4455','latin \xe9
-- x.jpg','Zoë''s camera/latin \xe9
-- x.jpg','Storage/Originals/2026/2026-11-21/latin __-- x.jpg',653,'image','image/jpeg',48,32,NULL,NULL,NULL,'2026-11-21 14:40:53.373369','+01:00','mtime',0.2,NULL,'{"dates":[{"value":"2026-11-21T14:40:53.373369","offset":"+01:00","source":"mtime","confidence":0.2,"chosen":true,"rejected":null,"note":"read as UTC, shown in Europe/Berlin (the household''s zone)"}],"locations":[],"notes":[]}','Zoë''s camera',NULL,NULL,'38ccadb7df8e84fb75fd929f09452d4e',1,'2026-11-21 13:40:58.091718',0,NULL,1,'2026-11-21 13:41:20.212102',0,NULL,0,NULL,1,'2026-11-21 13:41:23.445524',0,NULL,'2026-11-21 13:40:58.091718',NULL,'2026-11-21 13:40:58.091718',NULL);
INSERT INTO "media_assets" VALUES('47dd8d61de854543964315622cc37c7b','9079d3b9735b423239fa0aa6f633dc0164bdb85b99ac00fd635191187e7b3630','scan (no date) – äöü.png','Zoë''s camera/scan (no date) – äöü.png','Storage/Originals/2026/2026-11-21/scan (no date) – äöü.png',118,'image','image/png',48,32,NULL,NULL,NULL,'2026-11-21 14:40:53.337961','+01:00','mtime',0.2,NULL,'{"dates":[{"value":"2026-11-21T14:40:53.337961","offset":"+01:00","source":"mtime","confidence":0.2,"chosen":true,"rejected":null,"note":"read as UTC, shown in Europe/Berlin (the household''s zone)"}],"locations":[],"notes":[]}','Zoë''s camera',NULL,NULL,'9d76f19794c9bfab6bf2913bf48f5297',1,'2026-11-21 13:40:58.091751',0,NULL,1,'2026-11-21 13:41:20.192077',0,NULL,0,NULL,1,'2026-11-21 13:41:23.432147',0,NULL,'2026-11-21 13:40:58.091751',NULL,'2026-11-21 13:40:58.091751',NULL);
INSERT INTO "media_assets" VALUES('b6342783367a4f95a75d71a7a88bd7a6','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','empty.jpg','pixel-7/empty.jpg','Storage/Originals/2026/2026-11-21/empty.jpg',0,'image','image/jpeg',NULL,NULL,NULL,NULL,NULL,'2026-11-21 14:40:53.373485','+01:00','mtime',0.2,NULL,'{"dates":[{"value":"2026-11-21T14:40:53.373485","offset":"+01:00","source":"mtime","confidence":0.2,"chosen":true,"rejected":null,"note":"read as UTC, shown in Europe/Berlin (the household''s zone)"}],"locations":[],"notes":["named .jpg, but the file is empty"]}','pixel-7',NULL,NULL,'cdb37240ccbfc5fb700750fcedabd50d',1,'2026-11-21 13:40:58.091775',0,NULL,0,NULL,0,NULL,0,NULL,1,'2026-11-21 13:41:23.296764',1,'thumbnail: Storage/Originals/2026/2026-11-21/empty.jpg: it cannot be decoded: vips_mapfile: unable to mmap','2026-11-21 13:40:58.091775',NULL,'2026-11-21 13:40:58.091775',NULL);
INSERT INTO "media_assets" VALUES('bfd26c102f1b49849c3723c149fc5421','1c15fba84f56f650f6beef55ed7f09d2335dd80b1feaaeb9767d177357905639','IMG_2.jpg','pixel-7/IMG_2.jpg','Storage/Originals/2024/2024-02-29/IMG_2.jpg',723,'image','image/jpeg',48,32,NULL,NULL,NULL,'2024-02-29 23:59:59.000000',NULL,'exif:DateTimeOriginal',0.95,NULL,'{"dates":[{"value":"2024-02-29T23:59:59","offset":null,"source":"exif:DateTimeOriginal","confidence":0.95,"chosen":true,"rejected":null},{"value":"2026-11-21T13:40:53.316540","offset":"+00:00","source":"mtime","confidence":0.2,"chosen":false,"rejected":null}],"locations":[],"notes":[]}','pixel-7',NULL,'bfd26c102f1b49849c3723c149fc5421','a1238fd1113036f2b1dbc4457eceeeac',1,'2026-11-21 13:40:58.091791',0,NULL,1,'2026-11-21 13:41:20.156098',0,NULL,0,NULL,1,'2026-11-21 13:41:23.271054',0,NULL,'2026-11-21 13:40:58.091791',NULL,'2026-11-21 13:40:58.091791',NULL);
INSERT INTO "media_assets" VALUES('e4408431c8e74683b0c2622b72959437','a30e29144fb14a63cfc3a095605d12388413aa6e4b35362bba18d1ce29260dcb','IMG_2.jpg.xmp','pixel-7/IMG_2.jpg.xmp','Storage/Originals/2024/2024-02-29/IMG_2.jpg.xmp',405,'sidecar','application/rdf+xml',NULL,NULL,NULL,NULL,NULL,'2024-02-29 23:59:59.000000','+01:00','group',0.95,NULL,'{"dates":[{"value":"2026-11-21T14:40:53.351130","offset":"+01:00","source":"mtime","confidence":0.2,"chosen":true,"rejected":null,"note":"read as UTC, shown in Europe/Berlin (the household''s zone)"}],"locations":[],"notes":[]}','pixel-7',NULL,'bfd26c102f1b49849c3723c149fc5421','a1238fd1113036f2b1dbc4457eceeeac',1,'2026-11-21 13:40:58.091804',0,NULL,0,NULL,0,NULL,0,NULL,1,'2026-11-21 13:41:23.245265',0,NULL,'2026-11-21 13:40:58.091804',NULL,'2026-11-21 13:40:58.091804',NULL);
INSERT INTO "media_assets" VALUES('b110f95e52524804ab53af202bca62c2','b2211f3b789326df017dde6859f382f785e73e875560a58eb45b4fade49c8fde','VID_20240501_101112.mp4','pixel-7/VID_20240501_101112.mp4','Storage/Originals/2024/2024-05-01/VID_20240501_101112.mp4',1054,'video','video/mp4',64,48,0.5,NULL,NULL,'2024-05-01 10:11:12.000000',NULL,'filename',0.7,NULL,'{"dates":[{"value":"2024-05-01T10:11:12","offset":null,"source":"filename","confidence":0.7,"chosen":true,"rejected":null},{"value":"2026-11-21T13:40:53.350196","offset":"+00:00","source":"mtime","confidence":0.2,"chosen":false,"rejected":null}],"locations":[],"notes":[]}','pixel-7',NULL,NULL,'d890099deda8988cd0b9457e792a5362',1,'2026-11-21 13:40:58.091821',0,NULL,1,'2026-11-21 13:41:20.133765',0,NULL,0,NULL,1,'2026-11-21 13:41:23.077029',0,NULL,'2026-11-21 13:40:58.091821',NULL,'2026-11-21 13:40:58.091821',NULL);
CREATE TABLE persons (
	id CHAR(32) NOT NULL, 
	name TEXT, 
	named_at DATETIME, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_persons PRIMARY KEY (id)
);
INSERT INTO "persons" VALUES('0123456789abcdef0123456789abcdef','Zoë O''Neill','2026-11-01 08:00:00.000001','2026-10-01 08:00:00.000000');
CREATE TABLE places (
	id CHAR(32) NOT NULL, 
	provider TEXT NOT NULL, 
	language TEXT NOT NULL, 
	latitude FLOAT NOT NULL, 
	longitude FLOAT NOT NULL, 
	country_code VARCHAR(2), 
	country TEXT, 
	state TEXT, 
	county TEXT, 
	city TEXT, 
	display TEXT NOT NULL, 
	found_at DATETIME NOT NULL, 
	CONSTRAINT pk_places PRIMARY KEY (id)
);
INSERT INTO "places" VALUES('f84a0c4a45d85927a98aaba9169ade05','offline','',52.52,13.405,'DE','Germany','State of Berlin',NULL,'Berlin','Berlin, State of Berlin, Germany','2026-11-21 13:41:13.812571');
CREATE TABLE restore_drills (
	id INTEGER NOT NULL, 
	target TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	assets INTEGER DEFAULT '0' NOT NULL, 
	size_bytes BIGINT DEFAULT '0' NOT NULL, 
	failed INTEGER DEFAULT '0' NOT NULL, 
	message TEXT, 
	CONSTRAINT pk_restore_drills PRIMARY KEY (id)
);
INSERT INTO "restore_drills" VALUES(1,'/data/Backup','2026-11-21 13:41:25.664558','2026-11-21 13:41:25.711427',8,4146,0,NULL);
CREATE TABLE stage_runs (
	asset_id CHAR(32) NOT NULL, 
	stage TEXT NOT NULL, 
	tries_left INTEGER NOT NULL, 
	claims INTEGER NOT NULL, 
	not_before DATETIME NOT NULL, 
	leased_by TEXT, 
	finished_at DATETIME, 
	parked_at DATETIME, 
	last_error TEXT, 
	CONSTRAINT pk_stage_runs PRIMARY KEY (asset_id, stage), 
	CONSTRAINT ck_stage_runs_tries_left CHECK (tries_left >= 0), 
	CONSTRAINT fk_stage_runs_asset_id_media_assets FOREIGN KEY(asset_id) REFERENCES media_assets (id)
);
INSERT INTO "stage_runs" VALUES('c916716312b14df388c035d44fc795f8','geocode',0,1,'2026-11-21 13:41:13.815553',NULL,'2026-11-21 13:41:13.815553',NULL,NULL);
INSERT INTO "stage_runs" VALUES('b110f95e52524804ab53af202bca62c2','thumbnail',0,1,'2026-11-21 13:41:20.133765',NULL,'2026-11-21 13:41:20.133765',NULL,NULL);
INSERT INTO "stage_runs" VALUES('bfd26c102f1b49849c3723c149fc5421','thumbnail',0,1,'2026-11-21 13:41:20.156098',NULL,'2026-11-21 13:41:20.156098',NULL,NULL);
INSERT INTO "stage_runs" VALUES('b6342783367a4f95a75d71a7a88bd7a6','thumbnail',0,1,'2026-11-21 13:41:20.172955',NULL,NULL,'2026-11-21 13:41:20.172955','Storage/Originals/2026/2026-11-21/empty.jpg: it cannot be decoded: vips_mapfile: unable to mmap');
INSERT INTO "stage_runs" VALUES('47dd8d61de854543964315622cc37c7b','thumbnail',0,1,'2026-11-21 13:41:20.192077',NULL,'2026-11-21 13:41:20.192077',NULL,NULL);
INSERT INTO "stage_runs" VALUES('6317629107134c40bf7ccac5e1ddb6fe','thumbnail',0,1,'2026-11-21 13:41:20.212102',NULL,'2026-11-21 13:41:20.212102',NULL,NULL);
INSERT INTO "stage_runs" VALUES('2ed167ab3be3425fb78252df8d338d33','thumbnail',0,1,'2026-11-21 13:41:20.236822',NULL,NULL,'2026-11-21 13:41:20.236822','Storage/Originals/2022/2022-07-01/broken.jpg: it cannot be decoded: VipsJpeg: premature end of JPEG image');
INSERT INTO "stage_runs" VALUES('c916716312b14df388c035d44fc795f8','thumbnail',0,1,'2026-11-21 13:41:20.259985',NULL,'2026-11-21 13:41:20.259985',NULL,NULL);
INSERT INTO "stage_runs" VALUES('b110f95e52524804ab53af202bca62c2','backup',0,1,'2026-11-21 13:41:23.077029',NULL,'2026-11-21 13:41:23.077029',NULL,NULL);
INSERT INTO "stage_runs" VALUES('e4408431c8e74683b0c2622b72959437','backup',0,1,'2026-11-21 13:41:23.245265',NULL,'2026-11-21 13:41:23.245265',NULL,NULL);
INSERT INTO "stage_runs" VALUES('bfd26c102f1b49849c3723c149fc5421','backup',0,1,'2026-11-21 13:41:23.271054',NULL,'2026-11-21 13:41:23.271054',NULL,NULL);
INSERT INTO "stage_runs" VALUES('b6342783367a4f95a75d71a7a88bd7a6','backup',0,1,'2026-11-21 13:41:23.296764',NULL,'2026-11-21 13:41:23.296764',NULL,NULL);
INSERT INTO "stage_runs" VALUES('47dd8d61de854543964315622cc37c7b','backup',0,1,'2026-11-21 13:41:23.432147',NULL,'2026-11-21 13:41:23.432147',NULL,NULL);
INSERT INTO "stage_runs" VALUES('6317629107134c40bf7ccac5e1ddb6fe','backup',0,1,'2026-11-21 13:41:23.445524',NULL,'2026-11-21 13:41:23.445524',NULL,NULL);
INSERT INTO "stage_runs" VALUES('2ed167ab3be3425fb78252df8d338d33','backup',0,1,'2026-11-21 13:41:23.460306',NULL,'2026-11-21 13:41:23.460306',NULL,NULL);
INSERT INTO "stage_runs" VALUES('c916716312b14df388c035d44fc795f8','backup',0,1,'2026-11-21 13:41:23.491634',NULL,'2026-11-21 13:41:23.491634',NULL,NULL);
CREATE TABLE system_status (
	service_name TEXT NOT NULL, 
	last_heartbeat DATETIME NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	current_task TEXT DEFAULT '' NOT NULL, 
	expected_every INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	restarts INTEGER DEFAULT '0' NOT NULL, 
	message TEXT, 
	CONSTRAINT pk_system_status PRIMARY KEY (service_name), 
	CONSTRAINT ck_system_status_status CHECK (status IN ('OK', 'WARNING', 'ERROR'))
);
INSERT INTO "system_status" VALUES('librarian','2026-11-21 13:41:02.621135','OK','stopped',60,'2026-11-21 13:41:01.588692',0,'since the start: ignored 2');
INSERT INTO "system_status" VALUES('geocode','2026-11-21 13:41:13.829612','OK','stopped',60,'2026-11-21 13:41:10.334859',0,'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO "system_status" VALUES('thumbnail','2026-11-21 13:41:20.297716','OK','stopped',60,'2026-11-21 13:41:17.828981',0,'since the start: 5 done, 0 failed, 2 parked');
INSERT INTO "system_status" VALUES('backup','2026-11-21 13:41:23.498450','OK','stopped',60,'2026-11-21 13:41:22.858406',0,'since the start: 8 done, 0 failed, 0 parked');
CREATE TABLE system_status_history (
	id INTEGER NOT NULL, 
	service_name TEXT NOT NULL, 
	beat_at DATETIME NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	current_task TEXT DEFAULT '' NOT NULL, 
	expected_every INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	restarts INTEGER DEFAULT '0' NOT NULL, 
	message TEXT, 
	CONSTRAINT pk_system_status_history PRIMARY KEY (id), 
	CONSTRAINT ck_system_status_history_status CHECK (status IN ('OK', 'WARNING', 'ERROR'))
);
INSERT INTO "system_status_history" VALUES(1,'librarian','2026-11-21 13:41:01.595429','OK','listing the inbox',60,'2026-11-21 13:41:01.588692',0,'since the start: nothing yet');
INSERT INTO "system_status_history" VALUES(2,'librarian','2026-11-21 13:41:02.621135','OK','stopped',60,'2026-11-21 13:41:01.588692',0,'since the start: ignored 2');
INSERT INTO "system_status_history" VALUES(3,'geocode','2026-11-21 13:41:10.873945','OK','1 in hand',60,'2026-11-21 13:41:10.334859',0,'since the start: 0 done, 0 failed, 0 parked');
INSERT INTO "system_status_history" VALUES(4,'geocode','2026-11-21 13:41:13.822673','OK','waiting for photos',60,'2026-11-21 13:41:10.334859',0,'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO "system_status_history" VALUES(5,'geocode','2026-11-21 13:41:13.829612','OK','stopped',60,'2026-11-21 13:41:10.334859',0,'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO "system_status_history" VALUES(6,'thumbnail','2026-11-21 13:41:19.010594','OK','2 in hand',60,'2026-11-21 13:41:17.828981',0,'since the start: 0 done, 0 failed, 0 parked');
INSERT INTO "system_status_history" VALUES(7,'thumbnail','2026-11-21 13:41:20.144635','OK','1 in hand',60,'2026-11-21 13:41:17.828981',0,'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO "system_status_history" VALUES(8,'thumbnail','2026-11-21 13:41:20.297716','OK','stopped',60,'2026-11-21 13:41:17.828981',0,'since the start: 5 done, 0 failed, 2 parked');
INSERT INTO "system_status_history" VALUES(9,'backup','2026-11-21 13:41:23.100587','OK','1 in hand',60,'2026-11-21 13:41:22.858406',0,'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO "system_status_history" VALUES(10,'backup','2026-11-21 13:41:23.498450','OK','stopped',60,'2026-11-21 13:41:22.858406',0,'since the start: 8 done, 0 failed, 0 parked');
CREATE INDEX ix_media_assets_captured_at ON media_assets (captured_at);
CREATE INDEX ix_media_assets_group_id ON media_assets (group_id);
CREATE INDEX ix_media_assets_group_key ON media_assets (group_key);
CREATE INDEX ix_media_assets_content_identifier ON media_assets (content_identifier) WHERE content_identifier IS NOT NULL;
CREATE INDEX ix_media_assets_waiting_is_backed_up ON media_assets (ingested_at) WHERE is_backed_up = 0;
CREATE INDEX ix_arrivals_asset_id ON arrivals (asset_id);
CREATE INDEX ix_arrivals_state ON arrivals (state);
CREATE INDEX ix_system_status_history_service_name_beat_at ON system_status_history (service_name, beat_at);
CREATE INDEX ix_places_country_code_state_city ON places (country_code, state, city);
CREATE INDEX ix_media_assets_place_id ON media_assets (place_id);
CREATE INDEX ix_media_assets_waiting_is_geocoded ON media_assets (ingested_at) WHERE is_geocoded = 0 AND location IS NOT NULL AND media_type != 'sidecar';
CREATE INDEX ix_media_assets_waiting_is_thumbnailed ON media_assets (ingested_at) WHERE is_thumbnailed = 0 AND media_type != 'sidecar';
CREATE INDEX ix_media_assets_waiting_is_face_scanned ON media_assets (ingested_at) WHERE is_face_scanned = 0 AND media_type = 'image';
CREATE INDEX ix_media_assets_waiting_is_curated ON media_assets (ingested_at) WHERE is_curated = 0 AND media_type != 'sidecar';
CREATE INDEX ix_stage_runs_leased ON stage_runs (stage, not_before) WHERE leased_by IS NOT NULL;
CREATE INDEX ix_stage_runs_parked ON stage_runs (stage, parked_at) WHERE parked_at IS NOT NULL;
CREATE INDEX ix_stage_runs_stage_finished_at ON stage_runs (stage, finished_at);
CREATE INDEX ix_faces_asset_id ON faces (asset_id);
CREATE INDEX ix_faces_person_id ON faces (person_id);
CREATE INDEX ix_faces_engine_engine_version_changed_at ON faces (engine, engine_version, changed_at);
CREATE INDEX ix_backup_copies_target_verified_at ON backup_copies (target, verified_at);
CREATE INDEX ix_restore_drills_target_finished_at ON restore_drills (target, finished_at);
CREATE INDEX ix_ledger_dumps_target_made_at ON ledger_dumps (target, made_at);
CREATE VIEW v_photos_per_day AS
SELECT date(captured_at) AS day,
       COUNT(*) FILTER (WHERE media_type = 'image') AS images,
       COUNT(*) FILTER (WHERE media_type = 'video') AS videos,
       CAST(SUM(size_bytes) AS BIGINT) AS size_bytes
FROM media_assets
WHERE media_type <> 'sidecar'
GROUP BY date(captured_at);
CREATE VIEW v_by_camera AS
SELECT camera_make,
       camera_model,
       COUNT(*) AS assets,
       CAST(SUM(size_bytes) AS BIGINT) AS size_bytes,
       MIN(captured_at) AS first_captured_at,
       MAX(captured_at) AS last_captured_at
FROM media_assets
WHERE media_type <> 'sidecar'
GROUP BY camera_make, camera_model;
CREATE VIEW v_by_device AS
SELECT source_device,
       COUNT(*) AS assets,
       CAST(SUM(size_bytes) AS BIGINT) AS size_bytes,
       MIN(ingested_at) AS first_ingested_at,
       MAX(ingested_at) AS last_ingested_at
FROM media_assets
GROUP BY source_device;
CREATE VIEW v_unsure_dates AS
SELECT id, final_path, original_name, captured_at, captured_at_source, captured_at_confidence
FROM media_assets
WHERE captured_at_confidence < 0.5 AND media_type <> 'sidecar';
CREATE VIEW v_pipeline AS
SELECT 'is_ingested' AS flag,
       COUNT(*) FILTER (WHERE is_ingested) AS done,
       COUNT(*) FILTER (WHERE NOT is_ingested) AS waiting,
       0 AS parked,
       0 AS not_applicable
FROM media_assets
UNION ALL
SELECT 'is_geocoded',
       COUNT(*) FILTER (WHERE is_geocoded),
       COUNT(*) FILTER (WHERE NOT is_geocoded AND location IS NOT NULL AND media_type <> 'sidecar' AND parked.asset_id IS NULL),
       COUNT(parked.asset_id),
       COUNT(*) FILTER (WHERE NOT is_geocoded AND NOT (location IS NOT NULL AND media_type <> 'sidecar'))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'geocode'
      AND parked.parked_at IS NOT NULL
UNION ALL
SELECT 'is_thumbnailed',
       COUNT(*) FILTER (WHERE is_thumbnailed),
       COUNT(*) FILTER (WHERE NOT is_thumbnailed AND media_type <> 'sidecar' AND parked.asset_id IS NULL),
       COUNT(parked.asset_id),
       COUNT(*) FILTER (WHERE NOT is_thumbnailed AND NOT (media_type <> 'sidecar'))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'thumbnail'
      AND parked.parked_at IS NOT NULL
UNION ALL
SELECT 'is_face_scanned',
       COUNT(*) FILTER (WHERE is_face_scanned),
       COUNT(*) FILTER (WHERE NOT is_face_scanned AND media_type = 'image' AND parked.asset_id IS NULL),
       COUNT(parked.asset_id),
       COUNT(*) FILTER (WHERE NOT is_face_scanned AND NOT (media_type = 'image'))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'face'
      AND parked.parked_at IS NOT NULL
UNION ALL
SELECT 'is_curated',
       COUNT(*) FILTER (WHERE is_curated),
       COUNT(*) FILTER (WHERE NOT is_curated AND media_type <> 'sidecar' AND parked.asset_id IS NULL),
       COUNT(parked.asset_id),
       COUNT(*) FILTER (WHERE NOT is_curated AND NOT (media_type <> 'sidecar'))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'curate'
      AND parked.parked_at IS NOT NULL
UNION ALL
SELECT 'is_backed_up',
       COUNT(*) FILTER (WHERE is_backed_up),
       COUNT(*) FILTER (WHERE NOT is_backed_up AND TRUE AND parked.asset_id IS NULL),
       COUNT(parked.asset_id),
       COUNT(*) FILTER (WHERE NOT is_backed_up AND NOT (TRUE))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'backup'
      AND parked.parked_at IS NOT NULL;
CREATE VIEW v_parked AS
SELECT stage_runs.stage AS stage,
       stage_runs.asset_id AS asset_id,
       media_assets.final_path AS final_path,
       media_assets.original_name AS original_name,
       stage_runs.claims AS claims,
       stage_runs.parked_at AS parked_at,
       stage_runs.last_error AS reason
FROM stage_runs
JOIN media_assets ON media_assets.id = stage_runs.asset_id
WHERE stage_runs.parked_at IS NOT NULL;
CREATE VIEW v_held AS
SELECT id AS arrival_id, path, source_device, state, reason, size_bytes, first_seen_at
FROM arrivals
WHERE state IN ('held', 'failed') AND removed_at IS NULL;
CREATE VIEW v_duplicates AS
SELECT arrivals.id AS arrival_id,
       arrivals.path AS arrival_path,
       arrivals.source_device AS arrival_device,
       arrivals.size_bytes AS size_bytes,
       arrivals.settled_at AS settled_at,
       media_assets.id AS asset_id,
       media_assets.final_path AS kept_path,
       media_assets.original_name AS kept_name
FROM arrivals
JOIN media_assets ON media_assets.id = arrivals.asset_id
WHERE arrivals.state = 'duplicate';
CREATE VIEW v_arrivals_account AS
SELECT states.state AS state,
       COUNT(arrivals.id) AS arrivals,
       CAST(COALESCE(SUM(arrivals.size_bytes), 0) AS BIGINT) AS size_bytes,
       COUNT(arrivals.id) FILTER (
           WHERE CASE WHEN arrivals.state IN ('filed', 'duplicate')
                      THEN arrivals.asset_id IS NULL
                      ELSE arrivals.reason IS NULL END
       ) AS unaccounted
FROM (SELECT 'filed' AS state
      UNION ALL SELECT 'duplicate'
      UNION ALL SELECT 'ignored'
      UNION ALL SELECT 'held'
      UNION ALL SELECT 'failed'
      UNION ALL SELECT 'total') AS states
LEFT JOIN arrivals ON arrivals.state = states.state OR states.state = 'total'
GROUP BY states.state;
CREATE VIEW v_errors AS
SELECT id, final_path, original_name, media_type, source_device, ingested_at, error_message
FROM media_assets
WHERE has_errors;
CREATE VIEW v_groups AS
SELECT group_id,
       COUNT(*) AS members,
       COUNT(*) FILTER (WHERE media_type = 'image') AS images,
       COUNT(*) FILTER (WHERE media_type = 'video') AS videos,
       COUNT(*) FILTER (WHERE media_type = 'sidecar') AS sidecars,
       MIN(captured_at) AS captured_at,
       CAST(SUM(size_bytes) AS BIGINT) AS size_bytes
FROM media_assets
WHERE group_id IS NOT NULL
GROUP BY group_id;
CREATE VIEW v_by_place AS
SELECT places.country_code AS country_code,
       places.country AS country,
       places.state AS state,
       places.city AS city,
       COUNT(*) AS assets,
       MIN(media_assets.captured_at) AS first_captured_at,
       MAX(media_assets.captured_at) AS last_captured_at
FROM media_assets
JOIN places ON places.id = media_assets.place_id
GROUP BY places.country_code, places.country, places.state, places.city;
CREATE VIEW v_by_person AS
SELECT persons.id AS person_id,
       persons.name AS name,
       COUNT(*) AS faces,
       COUNT(DISTINCT faces.asset_id) AS assets,
       MIN(media_assets.captured_at) AS first_captured_at,
       MAX(media_assets.captured_at) AS last_captured_at
FROM persons
JOIN faces ON faces.person_id = persons.id AND faces.is_face
JOIN media_assets ON media_assets.id = faces.asset_id
GROUP BY persons.id, persons.name;
CREATE VIEW v_backup_coverage AS
SELECT backup_copies.target AS target,
       COUNT(*) AS copies,
       COUNT(*) FILTER (WHERE backup_copies.verified_at IS NOT NULL
                          AND backup_copies.problem IS NULL) AS verified,
       CAST(SUM(media_assets.size_bytes) AS BIGINT) AS size_bytes,
       MIN(backup_copies.verified_at) AS oldest_verified_at,
       (SELECT MAX(restore_drills.finished_at) FROM restore_drills
        WHERE restore_drills.target = backup_copies.target
          AND restore_drills.failed = 0) AS last_drill_at
FROM backup_copies
JOIN media_assets ON media_assets.id = backup_copies.asset_id
GROUP BY backup_copies.target;
CREATE VIEW v_safe_to_delete AS
SELECT arrivals.id AS arrival_id,
       arrivals.source_device AS source_device,
       arrivals.path AS path,
       arrivals.size_bytes AS size_bytes,
       arrivals.state AS state,
       arrivals.reason AS reason,
       arrivals.file_hash AS file_hash,
       media_assets.id AS asset_id,
       media_assets.final_path AS final_path,
       media_assets.verified_at AS rehashed_at,
       (SELECT COUNT(*) FROM backup_copies
        WHERE backup_copies.asset_id = media_assets.id
          AND backup_copies.verified_at IS NOT NULL
          AND backup_copies.problem IS NULL) AS verified_copies,
       (SELECT MIN(backup_copies.verified_at) FROM backup_copies
        WHERE backup_copies.asset_id = media_assets.id
          AND backup_copies.problem IS NULL) AS copies_verified_at
FROM arrivals
LEFT JOIN media_assets ON media_assets.id = arrivals.asset_id;
COMMIT;
