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

-- How far each flag has come; the counts add up to all assets. What is parked needs a person; to
-- sidecars only a backup applies, and to what has no position no geocoding does.
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
       COUNT(*) FILTER (WHERE NOT is_geocoded AND location IS NOT NULL AND media_type <> 'sidecar' AND parked.asset_id IS NOT NULL),
       COUNT(*) FILTER (WHERE NOT is_geocoded AND NOT (location IS NOT NULL AND media_type <> 'sidecar'))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'geocode'
      AND parked.parked_at IS NOT NULL
UNION ALL
SELECT 'is_thumbnailed',
       COUNT(*) FILTER (WHERE is_thumbnailed),
       COUNT(*) FILTER (WHERE NOT is_thumbnailed AND media_type <> 'sidecar' AND parked.asset_id IS NULL),
       COUNT(*) FILTER (WHERE NOT is_thumbnailed AND media_type <> 'sidecar' AND parked.asset_id IS NOT NULL),
       COUNT(*) FILTER (WHERE NOT is_thumbnailed AND NOT (media_type <> 'sidecar'))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'thumbnail'
      AND parked.parked_at IS NOT NULL
UNION ALL
SELECT 'is_face_scanned',
       COUNT(*) FILTER (WHERE is_face_scanned),
       COUNT(*) FILTER (WHERE NOT is_face_scanned AND media_type = 'image' AND parked.asset_id IS NULL),
       COUNT(*) FILTER (WHERE NOT is_face_scanned AND media_type = 'image' AND parked.asset_id IS NOT NULL),
       COUNT(*) FILTER (WHERE NOT is_face_scanned AND NOT (media_type = 'image'))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'face'
      AND parked.parked_at IS NOT NULL
UNION ALL
SELECT 'is_curated',
       COUNT(*) FILTER (WHERE is_curated),
       COUNT(*) FILTER (WHERE NOT is_curated AND media_type <> 'sidecar' AND parked.asset_id IS NULL),
       COUNT(*) FILTER (WHERE NOT is_curated AND media_type <> 'sidecar' AND parked.asset_id IS NOT NULL),
       COUNT(*) FILTER (WHERE NOT is_curated AND NOT (media_type <> 'sidecar'))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'curate'
      AND parked.parked_at IS NOT NULL
UNION ALL
SELECT 'is_backed_up',
       COUNT(*) FILTER (WHERE is_backed_up),
       COUNT(*) FILTER (WHERE NOT is_backed_up AND TRUE AND parked.asset_id IS NULL),
       COUNT(*) FILTER (WHERE NOT is_backed_up AND TRUE AND parked.asset_id IS NOT NULL),
       COUNT(*) FILTER (WHERE NOT is_backed_up AND NOT (TRUE))
FROM media_assets
LEFT JOIN stage_runs AS parked
       ON parked.asset_id = media_assets.id AND parked.stage = 'backup'
      AND parked.parked_at IS NOT NULL;

-- What a service gave up on, and why: each needs a person, then `photo-factory retry`.
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

-- Where photos and videos were taken.
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

-- Who is on how many photos; people without a name are listed too.
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

-- What each backup target holds, and how fresh the proof is.
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

-- The receipts behind `photo-factory safe-to-delete`: for each file that came from a device, when
-- its original was last hashed and how many targets hold a verified copy of it.
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
