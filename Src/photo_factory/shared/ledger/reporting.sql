-- The reporting views, in SQL that SQLite (3.30 and later) and PostgreSQL both read.
-- Each statement is CREATE VIEW name AS ... and ends with a semicolon at the end of a line.
-- They are made again by every migration: a change here needs a (possibly empty) migration.

-- How many photos and videos were taken on each day.
CREATE VIEW v_photos_per_day AS
SELECT date(captured_at) AS day,
       COUNT(*) FILTER (WHERE media_type = 'image') AS images,
       COUNT(*) FILTER (WHERE media_type = 'video') AS videos,
       CAST(SUM(size_bytes) AS BIGINT) AS size_bytes
FROM media_assets
WHERE media_type <> 'sidecar'
GROUP BY date(captured_at);

-- What each camera took.
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

-- What came from each device (the first folder below the inbox).
CREATE VIEW v_by_device AS
SELECT source_device,
       COUNT(*) AS assets,
       CAST(SUM(size_bytes) AS BIGINT) AS size_bytes,
       MIN(ingested_at) AS first_ingested_at,
       MAX(ingested_at) AS last_ingested_at
FROM media_assets
GROUP BY source_device;

-- Photos whose date is more guess than knowledge.
CREATE VIEW v_unsure_dates AS
SELECT id, final_path, original_name, captured_at, captured_at_source, captured_at_confidence
FROM media_assets
WHERE captured_at_confidence < 0.5 AND media_type <> 'sidecar';

-- How far each flag has come; only a backup has anything to do on a sidecar.
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

-- Files that are still in the inbox for a reason.
CREATE VIEW v_held AS
SELECT id AS arrival_id, path, source_device, state, reason, size_bytes, first_seen_at
FROM arrivals
WHERE state IN ('held', 'failed') AND removed_at IS NULL;

-- Which arrivals were copies, and what was kept in their place.
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

-- The end state of every arrival. The states add up to the row 'total', and nothing is
-- unaccounted: filed and duplicate name their asset, every other state its reason.
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

-- Assets a service gave up on.
CREATE VIEW v_errors AS
SELECT id, final_path, original_name, media_type, source_device, ingested_at, error_message
FROM media_assets
WHERE has_errors;

-- Files that belong together: a Live Photo and its video, a picture and its sidecar.
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
