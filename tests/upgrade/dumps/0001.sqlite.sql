BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
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
INSERT INTO "arrivals" VALUES(1,4725837907986537872,'Zoë''s camera/a copy; it''s "the same".jpg','a copy; it''s "the same".jpg',833,1795268549965503574,3810839,'filed',NULL,'649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9','0d0471f8d8c04510b396e7014abfb210','Zoë''s camera','2026-11-21 13:42:38.115285','2026-11-21 13:42:38.115285','2026-11-21 13:42:38.243103');
INSERT INTO "arrivals" VALUES(2,-7325212557244090342,'Zoë''s camera/broken.jpg','broken.jpg',360,1795268550117468165,3810844,'filed',NULL,'2c2f7638857935f1b2919c60044235a0b2da83051a7e0e94ae6bbdc43038024d','65d2101a22394b4d8cdd3626eb1380c6','Zoë''s camera','2026-11-21 13:42:38.115484','2026-11-21 13:42:38.115484','2026-11-21 13:42:38.243103');
INSERT INTO "arrivals" VALUES(3,5651587728898616446,'Zoë''s camera/latin \xe9
-- x.jpg','latin \xe9
-- x.jpg',653,1795268550117833650,3810845,'filed',NULL,'ab3784526b1546a013da2b0bda46ba29941d40830ae9aee200f2cd817c5d4455','1966f50d95a74d26818938585aa77d20','Zoë''s camera','2026-11-21 13:42:38.115545','2026-11-21 13:42:38.115545','2026-11-21 13:42:38.243103');
INSERT INTO "arrivals" VALUES(4,8454974363429740758,'Zoë''s camera/scan (no date) – äöü.png','scan (no date) – äöü.png',118,1795268550014334613,3810841,'filed',NULL,'9079d3b9735b423239fa0aa6f633dc0164bdb85b99ac00fd635191187e7b3630','7474c6cc9f1f474491c1bd562d7d77e2','Zoë''s camera','2026-11-21 13:42:38.115626','2026-11-21 13:42:38.115626','2026-11-21 13:42:38.243103');
INSERT INTO "arrivals" VALUES(5,2921485476131621248,'pixel-7/empty.jpg','empty.jpg',0,1795268550118122051,3810847,'filed',NULL,'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','6ffe9829f63a43419ec95ad45a504d8b','pixel-7','2026-11-21 13:42:38.115664','2026-11-21 13:42:38.115664','2026-11-21 13:42:38.243103');
INSERT INTO "arrivals" VALUES(6,-4072165119437545494,'pixel-7/IMG_2.jpg','IMG_2.jpg',723,1795268549965930621,3810840,'filed',NULL,'1c15fba84f56f650f6beef55ed7f09d2335dd80b1feaaeb9767d177357905639','49eb3c164d464119a6fd47c7870e3629','pixel-7','2026-11-21 13:42:38.115697','2026-11-21 13:42:38.115697','2026-11-21 13:42:38.243103');
INSERT INTO "arrivals" VALUES(7,-8171955619757970416,'pixel-7/IMG_2.jpg.xmp','IMG_2.jpg.xmp',405,1795268550067520941,3810843,'filed',NULL,'a30e29144fb14a63cfc3a095605d12388413aa6e4b35362bba18d1ce29260dcb','2026ff7daae14bd58765ee962f0cfe81','pixel-7','2026-11-21 13:42:38.115755','2026-11-21 13:42:38.115755','2026-11-21 13:42:38.243103');
INSERT INTO "arrivals" VALUES(8,3729979353111794399,'pixel-7/VID_20240501_101112.mp4','VID_20240501_101112.mp4',1054,1795268550061117515,3810842,'filed',NULL,'b2211f3b789326df017dde6859f382f785e73e875560a58eb45b4fade49c8fde','7c49886ad644433aabc01295bc2e11aa','pixel-7','2026-11-21 13:42:38.115805','2026-11-21 13:42:38.115805','2026-11-21 13:42:38.243103');
INSERT INTO "arrivals" VALUES(9,-6908994653354660402,'Zoë''s camera/a link.jpg','a link.jpg',10,1795268550118122051,3810848,'ignored','not a regular file: links, pipes and devices are never followed',NULL,NULL,'Zoë''s camera','2026-11-21 13:42:38.160999','2026-11-21 13:42:43.815716',NULL);
INSERT INTO "arrivals" VALUES(10,-8018115862313062152,'pixel-7/IMG_1.jpg','IMG_1.jpg',833,1795268549965077548,3810838,'duplicate',NULL,'649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9','0d0471f8d8c04510b396e7014abfb210','pixel-7','2026-11-21 13:42:38.161036','2026-11-21 13:42:38.161036','2026-11-21 13:42:38.243103');
INSERT INTO "arrivals" VALUES(11,3036092284137672829,'pixel-7/Thumbs.db','Thumbs.db',11,1795268550118122051,3810846,'ignored','a leftover of another program',NULL,NULL,'pixel-7','2026-11-21 13:42:38.161043','2026-11-21 13:42:43.815763',NULL);
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
	created_at DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, 
	CONSTRAINT pk_media_assets PRIMARY KEY (id), 
	CONSTRAINT ck_media_assets_media_type CHECK (media_type IN ('image', 'video', 'sidecar')), 
	CONSTRAINT ck_media_assets_file_hash CHECK (length(file_hash) = 64), 
	CONSTRAINT ck_media_assets_final_path CHECK (substr(final_path, 1, 8) = 'Storage/'), 
	CONSTRAINT ck_media_assets_size_bytes CHECK (size_bytes >= 0), 
	CONSTRAINT ck_media_assets_captured_at_confidence CHECK (captured_at_confidence BETWEEN 0 AND 1), 
	CONSTRAINT uq_media_assets_file_hash UNIQUE (file_hash), 
	CONSTRAINT uq_media_assets_final_path UNIQUE (final_path)
);
INSERT INTO "media_assets" VALUES('0d0471f8d8c04510b396e7014abfb210','649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9','a copy; it''s "the same".jpg','Zoë''s camera/a copy; it''s "the same".jpg','Storage/Originals/2023/2023-12-25/a copy; it''s "the same".jpg',833,'image','image/jpeg',48,32,NULL,NULL,NULL,'2023-12-25 12:34:56.000000',NULL,'exif:DateTimeOriginal',0.95,'{"lat":52.52,"lon":13.405}','{"dates":[{"value":"2023-12-25T12:34:56","offset":null,"source":"exif:DateTimeOriginal","confidence":0.95,"chosen":true,"rejected":null},{"value":"2026-11-21T13:42:29.965504","offset":"+00:00","source":"mtime","confidence":0.2,"chosen":false,"rejected":null}],"locations":[{"lat":52.52,"lon":13.405,"alt":null,"source":"exif:GPS","confidence":0.95,"chosen":true,"rejected":null}],"notes":[]}','Zoë''s camera',NULL,NULL,'38d230ba8316d487c6e27991a5cd7797',1,'2026-11-21 13:42:38.021520',0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,'2026-11-21 13:42:38.021520');
INSERT INTO "media_assets" VALUES('65d2101a22394b4d8cdd3626eb1380c6','2c2f7638857935f1b2919c60044235a0b2da83051a7e0e94ae6bbdc43038024d','broken.jpg','Zoë''s camera/broken.jpg','Storage/Originals/2022/2022-07-01/broken.jpg',360,'image','image/jpeg',48,32,NULL,NULL,NULL,'2022-07-01 10:00:00.000000',NULL,'exif:DateTimeOriginal',0.95,NULL,'{"dates":[{"value":"2022-07-01T10:00:00","offset":null,"source":"exif:DateTimeOriginal","confidence":0.95,"chosen":true,"rejected":null},{"value":"2026-11-21T13:42:30.117468","offset":"+00:00","source":"mtime","confidence":0.2,"chosen":false,"rejected":null}],"locations":[],"notes":[]}','Zoë''s camera',NULL,NULL,'9dd93be8504efee246aab9200b4171ad',1,'2026-11-21 13:42:38.021626',0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,1,'JPEG: ends before its pixels begin','2026-11-21 13:42:38.021626');
INSERT INTO "media_assets" VALUES('1966f50d95a74d26818938585aa77d20','ab3784526b1546a013da2b0bda46ba29941d40830ae9aee200f2cd817c5d4455','latin \xe9
-- x.jpg','Zoë''s camera/latin \xe9
-- x.jpg','Storage/Originals/2026/2026-11-21/latin __-- x.jpg',653,'image','image/jpeg',48,32,NULL,NULL,NULL,'2026-11-21 14:42:30.117834','+01:00','mtime',0.2,NULL,'{"dates":[{"value":"2026-11-21T14:42:30.117834","offset":"+01:00","source":"mtime","confidence":0.2,"chosen":true,"rejected":null,"note":"read as UTC, shown in Europe/Berlin (the household''s zone)"}],"locations":[],"notes":[]}','Zoë''s camera',NULL,NULL,'38ccadb7df8e84fb75fd929f09452d4e',1,'2026-11-21 13:42:38.021646',0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,'2026-11-21 13:42:38.021646');
INSERT INTO "media_assets" VALUES('7474c6cc9f1f474491c1bd562d7d77e2','9079d3b9735b423239fa0aa6f633dc0164bdb85b99ac00fd635191187e7b3630','scan (no date) – äöü.png','Zoë''s camera/scan (no date) – äöü.png','Storage/Originals/2026/2026-11-21/scan (no date) – äöü.png',118,'image','image/png',48,32,NULL,NULL,NULL,'2026-11-21 14:42:30.014335','+01:00','mtime',0.2,NULL,'{"dates":[{"value":"2026-11-21T14:42:30.014335","offset":"+01:00","source":"mtime","confidence":0.2,"chosen":true,"rejected":null,"note":"read as UTC, shown in Europe/Berlin (the household''s zone)"}],"locations":[],"notes":[]}','Zoë''s camera',NULL,NULL,'9d76f19794c9bfab6bf2913bf48f5297',1,'2026-11-21 13:42:38.021679',0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,'2026-11-21 13:42:38.021679');
INSERT INTO "media_assets" VALUES('6ffe9829f63a43419ec95ad45a504d8b','e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855','empty.jpg','pixel-7/empty.jpg','Storage/Originals/2026/2026-11-21/empty.jpg',0,'image','image/jpeg',NULL,NULL,NULL,NULL,NULL,'2026-11-21 14:42:30.118122','+01:00','mtime',0.2,NULL,'{"dates":[{"value":"2026-11-21T14:42:30.118122","offset":"+01:00","source":"mtime","confidence":0.2,"chosen":true,"rejected":null,"note":"read as UTC, shown in Europe/Berlin (the household''s zone)"}],"locations":[],"notes":["named .jpg, but the file is empty"]}','pixel-7',NULL,NULL,'cdb37240ccbfc5fb700750fcedabd50d',1,'2026-11-21 13:42:38.021702',0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,1,'named .jpg, but the file is empty','2026-11-21 13:42:38.021702');
INSERT INTO "media_assets" VALUES('49eb3c164d464119a6fd47c7870e3629','1c15fba84f56f650f6beef55ed7f09d2335dd80b1feaaeb9767d177357905639','IMG_2.jpg','pixel-7/IMG_2.jpg','Storage/Originals/2024/2024-02-29/IMG_2.jpg',723,'image','image/jpeg',48,32,NULL,NULL,NULL,'2024-02-29 23:59:59.000000',NULL,'exif:DateTimeOriginal',0.95,NULL,'{"dates":[{"value":"2024-02-29T23:59:59","offset":null,"source":"exif:DateTimeOriginal","confidence":0.95,"chosen":true,"rejected":null},{"value":"2026-11-21T13:42:29.965931","offset":"+00:00","source":"mtime","confidence":0.2,"chosen":false,"rejected":null}],"locations":[],"notes":[]}','pixel-7',NULL,'49eb3c164d464119a6fd47c7870e3629','a1238fd1113036f2b1dbc4457eceeeac',1,'2026-11-21 13:42:38.021719',0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,'2026-11-21 13:42:38.021719');
INSERT INTO "media_assets" VALUES('2026ff7daae14bd58765ee962f0cfe81','a30e29144fb14a63cfc3a095605d12388413aa6e4b35362bba18d1ce29260dcb','IMG_2.jpg.xmp','pixel-7/IMG_2.jpg.xmp','Storage/Originals/2024/2024-02-29/IMG_2.jpg.xmp',405,'sidecar','application/rdf+xml',NULL,NULL,NULL,NULL,NULL,'2024-02-29 23:59:59.000000','+01:00','group',0.95,NULL,'{"dates":[{"value":"2026-11-21T14:42:30.067521","offset":"+01:00","source":"mtime","confidence":0.2,"chosen":true,"rejected":null,"note":"read as UTC, shown in Europe/Berlin (the household''s zone)"}],"locations":[],"notes":[]}','pixel-7',NULL,'49eb3c164d464119a6fd47c7870e3629','a1238fd1113036f2b1dbc4457eceeeac',1,'2026-11-21 13:42:38.021733',0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,'2026-11-21 13:42:38.021733');
INSERT INTO "media_assets" VALUES('7c49886ad644433aabc01295bc2e11aa','b2211f3b789326df017dde6859f382f785e73e875560a58eb45b4fade49c8fde','VID_20240501_101112.mp4','pixel-7/VID_20240501_101112.mp4','Storage/Originals/2024/2024-05-01/VID_20240501_101112.mp4',1054,'video','video/mp4',64,48,0.5,NULL,NULL,'2024-05-01 10:11:12.000000',NULL,'filename',0.7,NULL,'{"dates":[{"value":"2024-05-01T10:11:12","offset":null,"source":"filename","confidence":0.7,"chosen":true,"rejected":null},{"value":"2026-11-21T13:42:30.061117","offset":"+00:00","source":"mtime","confidence":0.2,"chosen":false,"rejected":null}],"locations":[],"notes":[]}','pixel-7',NULL,NULL,'d890099deda8988cd0b9457e792a5362',1,'2026-11-21 13:42:38.021750',0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,0,NULL,'2026-11-21 13:42:38.021750');
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
INSERT INTO "system_status" VALUES('librarian','2026-11-21 13:42:44.835884','OK','stopped',60,'2026-11-21 13:42:43.777372',0,'since the start: ignored 2');
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
INSERT INTO "system_status_history" VALUES(1,'librarian','2026-11-21 13:42:43.792272','OK','listing the inbox',60,'2026-11-21 13:42:43.777372',0,'since the start: nothing yet');
INSERT INTO "system_status_history" VALUES(2,'librarian','2026-11-21 13:42:44.835884','OK','stopped',60,'2026-11-21 13:42:43.777372',0,'since the start: ignored 2');
CREATE INDEX ix_media_assets_captured_at ON media_assets (captured_at);
CREATE INDEX ix_media_assets_group_id ON media_assets (group_id);
CREATE INDEX ix_media_assets_group_key ON media_assets (group_key);
CREATE INDEX ix_media_assets_content_identifier ON media_assets (content_identifier) WHERE content_identifier IS NOT NULL;
CREATE INDEX ix_media_assets_waiting_is_geocoded ON media_assets (ingested_at) WHERE is_geocoded = 0;
CREATE INDEX ix_media_assets_waiting_is_thumbnailed ON media_assets (ingested_at) WHERE is_thumbnailed = 0;
CREATE INDEX ix_media_assets_waiting_is_face_scanned ON media_assets (ingested_at) WHERE is_face_scanned = 0;
CREATE INDEX ix_media_assets_waiting_is_curated ON media_assets (ingested_at) WHERE is_curated = 0;
CREATE INDEX ix_media_assets_waiting_is_backed_up ON media_assets (ingested_at) WHERE is_backed_up = 0;
CREATE INDEX ix_arrivals_asset_id ON arrivals (asset_id);
CREATE INDEX ix_arrivals_state ON arrivals (state);
CREATE INDEX ix_system_status_history_service_name_beat_at ON system_status_history (service_name, beat_at);
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
       COUNT(*) FILTER (WHERE NOT is_ingested) AS waiting
FROM media_assets
UNION ALL
SELECT 'is_geocoded',
       COUNT(*) FILTER (WHERE is_geocoded),
       COUNT(*) FILTER (WHERE NOT is_geocoded)
FROM media_assets WHERE media_type <> 'sidecar'
UNION ALL
SELECT 'is_thumbnailed',
       COUNT(*) FILTER (WHERE is_thumbnailed),
       COUNT(*) FILTER (WHERE NOT is_thumbnailed)
FROM media_assets WHERE media_type <> 'sidecar'
UNION ALL
SELECT 'is_face_scanned',
       COUNT(*) FILTER (WHERE is_face_scanned),
       COUNT(*) FILTER (WHERE NOT is_face_scanned)
FROM media_assets WHERE media_type <> 'sidecar'
UNION ALL
SELECT 'is_curated',
       COUNT(*) FILTER (WHERE is_curated),
       COUNT(*) FILTER (WHERE NOT is_curated)
FROM media_assets WHERE media_type <> 'sidecar'
UNION ALL
SELECT 'is_backed_up',
       COUNT(*) FILTER (WHERE is_backed_up),
       COUNT(*) FILTER (WHERE NOT is_backed_up)
FROM media_assets;
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
COMMIT;
