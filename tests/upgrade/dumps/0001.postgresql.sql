--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: arrivals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.arrivals (
    id bigint NOT NULL,
    fingerprint bigint NOT NULL,
    path text NOT NULL,
    name text NOT NULL,
    size_bytes bigint NOT NULL,
    mtime_ns bigint NOT NULL,
    inode bigint NOT NULL,
    state character varying(16) NOT NULL,
    reason text,
    file_hash character varying(64),
    asset_id uuid,
    source_device text,
    first_seen_at timestamp with time zone NOT NULL,
    settled_at timestamp with time zone,
    removed_at timestamp with time zone,
    CONSTRAINT ck_arrivals_state CHECK (((state)::text = ANY ((ARRAY['filed'::character varying, 'duplicate'::character varying, 'ignored'::character varying, 'held'::character varying, 'failed'::character varying])::text[])))
);


--
-- Name: arrivals_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.arrivals_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: arrivals_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.arrivals_id_seq OWNED BY public.arrivals.id;


--
-- Name: media_assets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.media_assets (
    id uuid NOT NULL,
    file_hash character varying(64) NOT NULL,
    original_name text NOT NULL,
    original_path text NOT NULL,
    final_path text NOT NULL,
    size_bytes bigint NOT NULL,
    media_type character varying(16) NOT NULL,
    mime_type text,
    width integer,
    height integer,
    duration_s double precision,
    camera_make text,
    camera_model text,
    captured_at timestamp without time zone NOT NULL,
    captured_utc_offset character varying(6),
    captured_at_source text NOT NULL,
    captured_at_confidence double precision NOT NULL,
    location jsonb,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    source_device text,
    content_identifier text,
    group_id uuid,
    group_key character varying(32),
    is_ingested boolean DEFAULT false NOT NULL,
    ingested_at timestamp with time zone,
    is_geocoded boolean DEFAULT false NOT NULL,
    geocoded_at timestamp with time zone,
    is_thumbnailed boolean DEFAULT false NOT NULL,
    thumbnailed_at timestamp with time zone,
    is_face_scanned boolean DEFAULT false NOT NULL,
    face_scanned_at timestamp with time zone,
    is_curated boolean DEFAULT false NOT NULL,
    curated_at timestamp with time zone,
    is_backed_up boolean DEFAULT false NOT NULL,
    backed_up_at timestamp with time zone,
    has_errors boolean DEFAULT false NOT NULL,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ck_media_assets_captured_at_confidence CHECK (((captured_at_confidence >= (0)::double precision) AND (captured_at_confidence <= (1)::double precision))),
    CONSTRAINT ck_media_assets_file_hash CHECK ((length((file_hash)::text) = 64)),
    CONSTRAINT ck_media_assets_final_path CHECK ((substr(final_path, 1, 8) = 'Storage/'::text)),
    CONSTRAINT ck_media_assets_media_type CHECK (((media_type)::text = ANY ((ARRAY['image'::character varying, 'video'::character varying, 'sidecar'::character varying])::text[]))),
    CONSTRAINT ck_media_assets_size_bytes CHECK ((size_bytes >= 0))
);


--
-- Name: system_status; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.system_status (
    service_name text NOT NULL,
    last_heartbeat timestamp with time zone NOT NULL,
    status character varying(16) NOT NULL,
    current_task text DEFAULT ''::text NOT NULL,
    expected_every integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    restarts integer DEFAULT 0 NOT NULL,
    message text,
    CONSTRAINT ck_system_status_status CHECK (((status)::text = ANY ((ARRAY['OK'::character varying, 'WARNING'::character varying, 'ERROR'::character varying])::text[])))
);


--
-- Name: system_status_history; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.system_status_history (
    id bigint NOT NULL,
    service_name text NOT NULL,
    beat_at timestamp with time zone NOT NULL,
    status character varying(16) NOT NULL,
    current_task text DEFAULT ''::text NOT NULL,
    expected_every integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    restarts integer DEFAULT 0 NOT NULL,
    message text,
    CONSTRAINT ck_system_status_history_status CHECK (((status)::text = ANY ((ARRAY['OK'::character varying, 'WARNING'::character varying, 'ERROR'::character varying])::text[])))
);


--
-- Name: system_status_history_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.system_status_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: system_status_history_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.system_status_history_id_seq OWNED BY public.system_status_history.id;


--
-- Name: v_arrivals_account; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_arrivals_account AS
 SELECT states.state,
    count(arrivals.id) AS arrivals,
    (COALESCE(sum(arrivals.size_bytes), (0)::numeric))::bigint AS size_bytes,
    count(arrivals.id) FILTER (WHERE
        CASE
            WHEN ((arrivals.state)::text = ANY ((ARRAY['filed'::character varying, 'duplicate'::character varying])::text[])) THEN (arrivals.asset_id IS NULL)
            ELSE (arrivals.reason IS NULL)
        END) AS unaccounted
   FROM (( SELECT 'filed'::text AS state
        UNION ALL
         SELECT 'duplicate'::text
        UNION ALL
         SELECT 'ignored'::text
        UNION ALL
         SELECT 'held'::text
        UNION ALL
         SELECT 'failed'::text
        UNION ALL
         SELECT 'total'::text) states
     LEFT JOIN public.arrivals ON ((((arrivals.state)::text = states.state) OR (states.state = 'total'::text))))
  GROUP BY states.state;


--
-- Name: v_by_camera; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_by_camera AS
 SELECT media_assets.camera_make,
    media_assets.camera_model,
    count(*) AS assets,
    (sum(media_assets.size_bytes))::bigint AS size_bytes,
    min(media_assets.captured_at) AS first_captured_at,
    max(media_assets.captured_at) AS last_captured_at
   FROM public.media_assets
  WHERE ((media_assets.media_type)::text <> 'sidecar'::text)
  GROUP BY media_assets.camera_make, media_assets.camera_model;


--
-- Name: v_by_device; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_by_device AS
 SELECT media_assets.source_device,
    count(*) AS assets,
    (sum(media_assets.size_bytes))::bigint AS size_bytes,
    min(media_assets.ingested_at) AS first_ingested_at,
    max(media_assets.ingested_at) AS last_ingested_at
   FROM public.media_assets
  GROUP BY media_assets.source_device;


--
-- Name: v_duplicates; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_duplicates AS
 SELECT arrivals.id AS arrival_id,
    arrivals.path AS arrival_path,
    arrivals.source_device AS arrival_device,
    arrivals.size_bytes,
    arrivals.settled_at,
    media_assets.id AS asset_id,
    media_assets.final_path AS kept_path,
    media_assets.original_name AS kept_name
   FROM (public.arrivals
     JOIN public.media_assets ON ((media_assets.id = arrivals.asset_id)))
  WHERE ((arrivals.state)::text = 'duplicate'::text);


--
-- Name: v_errors; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_errors AS
 SELECT media_assets.id,
    media_assets.final_path,
    media_assets.original_name,
    media_assets.media_type,
    media_assets.source_device,
    media_assets.ingested_at,
    media_assets.error_message
   FROM public.media_assets
  WHERE media_assets.has_errors;


--
-- Name: v_groups; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_groups AS
 SELECT media_assets.group_id,
    count(*) AS members,
    count(*) FILTER (WHERE ((media_assets.media_type)::text = 'image'::text)) AS images,
    count(*) FILTER (WHERE ((media_assets.media_type)::text = 'video'::text)) AS videos,
    count(*) FILTER (WHERE ((media_assets.media_type)::text = 'sidecar'::text)) AS sidecars,
    min(media_assets.captured_at) AS captured_at,
    (sum(media_assets.size_bytes))::bigint AS size_bytes
   FROM public.media_assets
  WHERE (media_assets.group_id IS NOT NULL)
  GROUP BY media_assets.group_id;


--
-- Name: v_held; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_held AS
 SELECT arrivals.id AS arrival_id,
    arrivals.path,
    arrivals.source_device,
    arrivals.state,
    arrivals.reason,
    arrivals.size_bytes,
    arrivals.first_seen_at
   FROM public.arrivals
  WHERE (((arrivals.state)::text = ANY ((ARRAY['held'::character varying, 'failed'::character varying])::text[])) AND (arrivals.removed_at IS NULL));


--
-- Name: v_photos_per_day; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_photos_per_day AS
 SELECT date(media_assets.captured_at) AS day,
    count(*) FILTER (WHERE ((media_assets.media_type)::text = 'image'::text)) AS images,
    count(*) FILTER (WHERE ((media_assets.media_type)::text = 'video'::text)) AS videos,
    (sum(media_assets.size_bytes))::bigint AS size_bytes
   FROM public.media_assets
  WHERE ((media_assets.media_type)::text <> 'sidecar'::text)
  GROUP BY (date(media_assets.captured_at));


--
-- Name: v_pipeline; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_pipeline AS
 SELECT 'is_ingested'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_ingested) AS done,
    count(*) FILTER (WHERE (NOT media_assets.is_ingested)) AS waiting
   FROM public.media_assets
UNION ALL
 SELECT 'is_geocoded'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_geocoded) AS done,
    count(*) FILTER (WHERE (NOT media_assets.is_geocoded)) AS waiting
   FROM public.media_assets
  WHERE ((media_assets.media_type)::text <> 'sidecar'::text)
UNION ALL
 SELECT 'is_thumbnailed'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_thumbnailed) AS done,
    count(*) FILTER (WHERE (NOT media_assets.is_thumbnailed)) AS waiting
   FROM public.media_assets
  WHERE ((media_assets.media_type)::text <> 'sidecar'::text)
UNION ALL
 SELECT 'is_face_scanned'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_face_scanned) AS done,
    count(*) FILTER (WHERE (NOT media_assets.is_face_scanned)) AS waiting
   FROM public.media_assets
  WHERE ((media_assets.media_type)::text <> 'sidecar'::text)
UNION ALL
 SELECT 'is_curated'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_curated) AS done,
    count(*) FILTER (WHERE (NOT media_assets.is_curated)) AS waiting
   FROM public.media_assets
  WHERE ((media_assets.media_type)::text <> 'sidecar'::text)
UNION ALL
 SELECT 'is_backed_up'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_backed_up) AS done,
    count(*) FILTER (WHERE (NOT media_assets.is_backed_up)) AS waiting
   FROM public.media_assets;


--
-- Name: v_unsure_dates; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_unsure_dates AS
 SELECT media_assets.id,
    media_assets.final_path,
    media_assets.original_name,
    media_assets.captured_at,
    media_assets.captured_at_source,
    media_assets.captured_at_confidence
   FROM public.media_assets
  WHERE ((media_assets.captured_at_confidence < (0.5)::double precision) AND ((media_assets.media_type)::text <> 'sidecar'::text));


--
-- Name: arrivals id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.arrivals ALTER COLUMN id SET DEFAULT nextval('public.arrivals_id_seq'::regclass);


--
-- Name: system_status_history id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.system_status_history ALTER COLUMN id SET DEFAULT nextval('public.system_status_history_id_seq'::regclass);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0001');


--
-- Data for Name: arrivals; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.arrivals VALUES (1, -8967352595489289908, 'Zoë''s camera/a copy; it''s "the same".jpg', 'a copy; it''s "the same".jpg', 833, 1795268574169423028, 3812752, 'filed', NULL, '649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9', 'b552f9ca-de0c-4174-a391-fbba2ff7f3c9', 'Zoë''s camera', '2026-11-21 13:42:59.793197+00', '2026-11-21 13:42:59.793197+00', '2026-11-21 13:42:59.907583+00');
INSERT INTO public.arrivals VALUES (2, 2425765522467583895, 'Zoë''s camera/broken.jpg', 'broken.jpg', 360, 1795268574182065464, 3812757, 'filed', NULL, '2c2f7638857935f1b2919c60044235a0b2da83051a7e0e94ae6bbdc43038024d', '99d38b0e-3091-4950-bc8c-ac1874d71afd', 'Zoë''s camera', '2026-11-21 13:42:59.793282+00', '2026-11-21 13:42:59.793282+00', '2026-11-21 13:42:59.907583+00');
INSERT INTO public.arrivals VALUES (3, 976880196577567487, 'Zoë''s camera/latin \xe9
-- x.jpg', 'latin \xe9
-- x.jpg', 653, 1795268574182463849, 3812758, 'filed', NULL, 'ab3784526b1546a013da2b0bda46ba29941d40830ae9aee200f2cd817c5d4455', 'c9a07324-6f39-408b-9770-f3c773c18f80', 'Zoë''s camera', '2026-11-21 13:42:59.793316+00', '2026-11-21 13:42:59.793316+00', '2026-11-21 13:42:59.907583+00');
INSERT INTO public.arrivals VALUES (4, -8209837343810101695, 'Zoë''s camera/scan (no date) – äöü.png', 'scan (no date) – äöü.png', 118, 1795268574170346136, 3812754, 'filed', NULL, '9079d3b9735b423239fa0aa6f633dc0164bdb85b99ac00fd635191187e7b3630', '8cfe4bbe-6823-4cc0-a89c-60c78c5d9e51', 'Zoë''s camera', '2026-11-21 13:42:59.793353+00', '2026-11-21 13:42:59.793353+00', '2026-11-21 13:42:59.907583+00');
INSERT INTO public.arrivals VALUES (5, 3361293515854870616, 'pixel-7/empty.jpg', 'empty.jpg', 0, 1795268574182842443, 3812760, 'filed', NULL, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '9e0d5135-a0a4-44c5-ada6-fb1b2b91c7bc', 'pixel-7', '2026-11-21 13:42:59.793379+00', '2026-11-21 13:42:59.793379+00', '2026-11-21 13:42:59.907583+00');
INSERT INTO public.arrivals VALUES (6, -693776725927210923, 'pixel-7/IMG_2.jpg', 'IMG_2.jpg', 723, 1795268574169904467, 3812753, 'filed', NULL, '1c15fba84f56f650f6beef55ed7f09d2335dd80b1feaaeb9767d177357905639', '9f7d1180-7a35-44e4-8c6d-24496fefa1f6', 'pixel-7', '2026-11-21 13:42:59.793402+00', '2026-11-21 13:42:59.793402+00', '2026-11-21 13:42:59.907583+00');
INSERT INTO public.arrivals VALUES (7, -194427284125088649, 'pixel-7/IMG_2.jpg.xmp', 'IMG_2.jpg.xmp', 405, 1795268574181493470, 3812756, 'filed', NULL, 'a30e29144fb14a63cfc3a095605d12388413aa6e4b35362bba18d1ce29260dcb', '5b365915-5cf7-4322-a780-da23213911e2', 'pixel-7', '2026-11-21 13:42:59.793424+00', '2026-11-21 13:42:59.793424+00', '2026-11-21 13:42:59.907583+00');
INSERT INTO public.arrivals VALUES (8, -6885467238915850192, 'pixel-7/VID_20240501_101112.mp4', 'VID_20240501_101112.mp4', 1054, 1795268574180101523, 3812755, 'filed', NULL, 'b2211f3b789326df017dde6859f382f785e73e875560a58eb45b4fade49c8fde', '708555c6-a72b-43fc-b20d-6d5d0bf13f7f', 'pixel-7', '2026-11-21 13:42:59.793461+00', '2026-11-21 13:42:59.793461+00', '2026-11-21 13:42:59.907583+00');
INSERT INTO public.arrivals VALUES (10, -3863219480917678832, 'pixel-7/IMG_1.jpg', 'IMG_1.jpg', 833, 1795268574169005435, 3812751, 'duplicate', NULL, '649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9', 'b552f9ca-de0c-4174-a391-fbba2ff7f3c9', 'pixel-7', '2026-11-21 13:42:59.819963+00', '2026-11-21 13:42:59.819963+00', '2026-11-21 13:42:59.907583+00');
INSERT INTO public.arrivals VALUES (9, 2099450016847558078, 'Zoë''s camera/a link.jpg', 'a link.jpg', 10, 1795268574182842443, 3812761, 'ignored', 'not a regular file: links, pipes and devices are never followed', NULL, NULL, 'Zoë''s camera', '2026-11-21 13:42:59.819931+00', '2026-11-21 13:43:04.068222+00', NULL);
INSERT INTO public.arrivals VALUES (11, 857401367035503164, 'pixel-7/Thumbs.db', 'Thumbs.db', 11, 1795268574182842443, 3812759, 'ignored', 'a leftover of another program', NULL, NULL, 'pixel-7', '2026-11-21 13:42:59.819969+00', '2026-11-21 13:43:04.068276+00', NULL);


--
-- Data for Name: media_assets; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.media_assets VALUES ('b552f9ca-de0c-4174-a391-fbba2ff7f3c9', '649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9', 'a copy; it''s "the same".jpg', 'Zoë''s camera/a copy; it''s "the same".jpg', 'Storage/Originals/2023/2023-12-25/a copy; it''s "the same".jpg', 833, 'image', 'image/jpeg', 48, 32, NULL, NULL, NULL, '2023-12-25 12:34:56', NULL, 'exif:DateTimeOriginal', 0.95, '{"lat": 52.52, "lon": 13.405}', '{"dates": [{"value": "2023-12-25T12:34:56", "chosen": true, "offset": null, "source": "exif:DateTimeOriginal", "rejected": null, "confidence": 0.95}, {"value": "2026-11-21T13:42:54.169423", "chosen": false, "offset": "+00:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": [{"alt": null, "lat": 52.52, "lon": 13.405, "chosen": true, "source": "exif:GPS", "rejected": null, "confidence": 0.95}]}', 'Zoë''s camera', NULL, NULL, '38d230ba8316d487c6e27991a5cd7797', true, '2026-11-21 13:42:59.751583+00', false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, '2026-11-21 13:42:59.751583+00');
INSERT INTO public.media_assets VALUES ('99d38b0e-3091-4950-bc8c-ac1874d71afd', '2c2f7638857935f1b2919c60044235a0b2da83051a7e0e94ae6bbdc43038024d', 'broken.jpg', 'Zoë''s camera/broken.jpg', 'Storage/Originals/2022/2022-07-01/broken.jpg', 360, 'image', 'image/jpeg', 48, 32, NULL, NULL, NULL, '2022-07-01 10:00:00', NULL, 'exif:DateTimeOriginal', 0.95, NULL, '{"dates": [{"value": "2022-07-01T10:00:00", "chosen": true, "offset": null, "source": "exif:DateTimeOriginal", "rejected": null, "confidence": 0.95}, {"value": "2026-11-21T13:42:54.182065", "chosen": false, "offset": "+00:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'Zoë''s camera', NULL, NULL, '9dd93be8504efee246aab9200b4171ad', true, '2026-11-21 13:42:59.751691+00', false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, true, 'JPEG: ends before its pixels begin', '2026-11-21 13:42:59.751691+00');
INSERT INTO public.media_assets VALUES ('c9a07324-6f39-408b-9770-f3c773c18f80', 'ab3784526b1546a013da2b0bda46ba29941d40830ae9aee200f2cd817c5d4455', 'latin \xe9
-- x.jpg', 'Zoë''s camera/latin \xe9
-- x.jpg', 'Storage/Originals/2026/2026-11-21/latin __-- x.jpg', 653, 'image', 'image/jpeg', 48, 32, NULL, NULL, NULL, '2026-11-21 14:42:54.182464', '+01:00', 'mtime', 0.2, NULL, '{"dates": [{"note": "read as UTC, shown in Europe/Berlin (the household''s zone)", "value": "2026-11-21T14:42:54.182464", "chosen": true, "offset": "+01:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'Zoë''s camera', NULL, NULL, '38ccadb7df8e84fb75fd929f09452d4e', true, '2026-11-21 13:42:59.751713+00', false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, '2026-11-21 13:42:59.751713+00');
INSERT INTO public.media_assets VALUES ('8cfe4bbe-6823-4cc0-a89c-60c78c5d9e51', '9079d3b9735b423239fa0aa6f633dc0164bdb85b99ac00fd635191187e7b3630', 'scan (no date) – äöü.png', 'Zoë''s camera/scan (no date) – äöü.png', 'Storage/Originals/2026/2026-11-21/scan (no date) – äöü.png', 118, 'image', 'image/png', 48, 32, NULL, NULL, NULL, '2026-11-21 14:42:54.170346', '+01:00', 'mtime', 0.2, NULL, '{"dates": [{"note": "read as UTC, shown in Europe/Berlin (the household''s zone)", "value": "2026-11-21T14:42:54.170346", "chosen": true, "offset": "+01:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'Zoë''s camera', NULL, NULL, '9d76f19794c9bfab6bf2913bf48f5297', true, '2026-11-21 13:42:59.751745+00', false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, '2026-11-21 13:42:59.751745+00');
INSERT INTO public.media_assets VALUES ('9e0d5135-a0a4-44c5-ada6-fb1b2b91c7bc', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'empty.jpg', 'pixel-7/empty.jpg', 'Storage/Originals/2026/2026-11-21/empty.jpg', 0, 'image', 'image/jpeg', NULL, NULL, NULL, NULL, NULL, '2026-11-21 14:42:54.182842', '+01:00', 'mtime', 0.2, NULL, '{"dates": [{"note": "read as UTC, shown in Europe/Berlin (the household''s zone)", "value": "2026-11-21T14:42:54.182842", "chosen": true, "offset": "+01:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": ["named .jpg, but the file is empty"], "locations": []}', 'pixel-7', NULL, NULL, 'cdb37240ccbfc5fb700750fcedabd50d', true, '2026-11-21 13:42:59.751768+00', false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, true, 'named .jpg, but the file is empty', '2026-11-21 13:42:59.751768+00');
INSERT INTO public.media_assets VALUES ('9f7d1180-7a35-44e4-8c6d-24496fefa1f6', '1c15fba84f56f650f6beef55ed7f09d2335dd80b1feaaeb9767d177357905639', 'IMG_2.jpg', 'pixel-7/IMG_2.jpg', 'Storage/Originals/2024/2024-02-29/IMG_2.jpg', 723, 'image', 'image/jpeg', 48, 32, NULL, NULL, NULL, '2024-02-29 23:59:59', NULL, 'exif:DateTimeOriginal', 0.95, NULL, '{"dates": [{"value": "2024-02-29T23:59:59", "chosen": true, "offset": null, "source": "exif:DateTimeOriginal", "rejected": null, "confidence": 0.95}, {"value": "2026-11-21T13:42:54.169904", "chosen": false, "offset": "+00:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'pixel-7', NULL, '9f7d1180-7a35-44e4-8c6d-24496fefa1f6', 'a1238fd1113036f2b1dbc4457eceeeac', true, '2026-11-21 13:42:59.751783+00', false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, '2026-11-21 13:42:59.751783+00');
INSERT INTO public.media_assets VALUES ('5b365915-5cf7-4322-a780-da23213911e2', 'a30e29144fb14a63cfc3a095605d12388413aa6e4b35362bba18d1ce29260dcb', 'IMG_2.jpg.xmp', 'pixel-7/IMG_2.jpg.xmp', 'Storage/Originals/2024/2024-02-29/IMG_2.jpg.xmp', 405, 'sidecar', 'application/rdf+xml', NULL, NULL, NULL, NULL, NULL, '2024-02-29 23:59:59', '+01:00', 'group', 0.95, NULL, '{"dates": [{"note": "read as UTC, shown in Europe/Berlin (the household''s zone)", "value": "2026-11-21T14:42:54.181494", "chosen": true, "offset": "+01:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'pixel-7', NULL, '9f7d1180-7a35-44e4-8c6d-24496fefa1f6', 'a1238fd1113036f2b1dbc4457eceeeac', true, '2026-11-21 13:42:59.751797+00', false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, '2026-11-21 13:42:59.751797+00');
INSERT INTO public.media_assets VALUES ('708555c6-a72b-43fc-b20d-6d5d0bf13f7f', 'b2211f3b789326df017dde6859f382f785e73e875560a58eb45b4fade49c8fde', 'VID_20240501_101112.mp4', 'pixel-7/VID_20240501_101112.mp4', 'Storage/Originals/2024/2024-05-01/VID_20240501_101112.mp4', 1054, 'video', 'video/mp4', 64, 48, 0.5, NULL, NULL, '2024-05-01 10:11:12', NULL, 'filename', 0.7, NULL, '{"dates": [{"value": "2024-05-01T10:11:12", "chosen": true, "offset": null, "source": "filename", "rejected": null, "confidence": 0.7}, {"value": "2026-11-21T13:42:54.180102", "chosen": false, "offset": "+00:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'pixel-7', NULL, NULL, 'd890099deda8988cd0b9457e792a5362', true, '2026-11-21 13:42:59.751812+00', false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, false, NULL, '2026-11-21 13:42:59.751812+00');


--
-- Data for Name: system_status; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.system_status VALUES ('librarian', '2026-11-21 13:43:05.253559+00', 'OK', 'stopped', 60, '2026-11-21 13:43:04.021889+00', 0, 'since the start: ignored 2');


--
-- Data for Name: system_status_history; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.system_status_history VALUES (1, 'librarian', '2026-11-21 13:43:04.025135+00', 'OK', 'listing the inbox', 60, '2026-11-21 13:43:04.021889+00', 0, 'since the start: nothing yet');
INSERT INTO public.system_status_history VALUES (2, 'librarian', '2026-11-21 13:43:05.253559+00', 'OK', 'stopped', 60, '2026-11-21 13:43:04.021889+00', 0, 'since the start: ignored 2');


--
-- Name: arrivals_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.arrivals_id_seq', 13, true);


--
-- Name: system_status_history_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.system_status_history_id_seq', 2, true);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: arrivals pk_arrivals; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.arrivals
    ADD CONSTRAINT pk_arrivals PRIMARY KEY (id);


--
-- Name: media_assets pk_media_assets; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_assets
    ADD CONSTRAINT pk_media_assets PRIMARY KEY (id);


--
-- Name: system_status pk_system_status; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.system_status
    ADD CONSTRAINT pk_system_status PRIMARY KEY (service_name);


--
-- Name: system_status_history pk_system_status_history; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.system_status_history
    ADD CONSTRAINT pk_system_status_history PRIMARY KEY (id);


--
-- Name: arrivals uq_arrivals_fingerprint; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.arrivals
    ADD CONSTRAINT uq_arrivals_fingerprint UNIQUE (fingerprint);


--
-- Name: media_assets uq_media_assets_file_hash; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_assets
    ADD CONSTRAINT uq_media_assets_file_hash UNIQUE (file_hash);


--
-- Name: media_assets uq_media_assets_final_path; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_assets
    ADD CONSTRAINT uq_media_assets_final_path UNIQUE (final_path);


--
-- Name: ix_arrivals_asset_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_arrivals_asset_id ON public.arrivals USING btree (asset_id);


--
-- Name: ix_arrivals_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_arrivals_state ON public.arrivals USING btree (state);


--
-- Name: ix_media_assets_captured_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_captured_at ON public.media_assets USING btree (captured_at);


--
-- Name: ix_media_assets_content_identifier; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_content_identifier ON public.media_assets USING btree (content_identifier) WHERE (content_identifier IS NOT NULL);


--
-- Name: ix_media_assets_group_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_group_id ON public.media_assets USING btree (group_id);


--
-- Name: ix_media_assets_group_key; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_group_key ON public.media_assets USING btree (group_key);


--
-- Name: ix_media_assets_waiting_is_backed_up; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_backed_up ON public.media_assets USING btree (ingested_at) WHERE (is_backed_up = false);


--
-- Name: ix_media_assets_waiting_is_curated; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_curated ON public.media_assets USING btree (ingested_at) WHERE (is_curated = false);


--
-- Name: ix_media_assets_waiting_is_face_scanned; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_face_scanned ON public.media_assets USING btree (ingested_at) WHERE (is_face_scanned = false);


--
-- Name: ix_media_assets_waiting_is_geocoded; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_geocoded ON public.media_assets USING btree (ingested_at) WHERE (is_geocoded = false);


--
-- Name: ix_media_assets_waiting_is_thumbnailed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_thumbnailed ON public.media_assets USING btree (ingested_at) WHERE (is_thumbnailed = false);


--
-- Name: ix_system_status_history_service_name_beat_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_system_status_history_service_name_beat_at ON public.system_status_history USING btree (service_name, beat_at);


--
-- Name: arrivals fk_arrivals_asset_id_media_assets; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.arrivals
    ADD CONSTRAINT fk_arrivals_asset_id_media_assets FOREIGN KEY (asset_id) REFERENCES public.media_assets(id);


--
-- PostgreSQL database dump complete
--


