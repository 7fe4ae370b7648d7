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
-- Name: backup_copies; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.backup_copies (
    asset_id uuid NOT NULL,
    target text NOT NULL,
    path text NOT NULL,
    copied_at timestamp with time zone NOT NULL,
    verified_at timestamp with time zone,
    verified_how character varying(16),
    problem text,
    CONSTRAINT ck_backup_copies_verified_how CHECK (((verified_how)::text = ANY ((ARRAY['read back'::character varying, 'store checksum'::character varying])::text[])))
);


--
-- Name: faces; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.faces (
    id uuid NOT NULL,
    asset_id uuid NOT NULL,
    engine text NOT NULL,
    engine_version text NOT NULL,
    box_left double precision NOT NULL,
    box_top double precision NOT NULL,
    box_width double precision NOT NULL,
    box_height double precision NOT NULL,
    landmarks jsonb DEFAULT '{}'::jsonb NOT NULL,
    quality double precision NOT NULL,
    embedding bytea,
    is_face boolean DEFAULT true NOT NULL,
    person_id uuid,
    assigned_by character varying(16) DEFAULT 'engine'::character varying NOT NULL,
    found_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ck_faces_assigned_by CHECK (((assigned_by)::text = ANY ((ARRAY['engine'::character varying, 'person'::character varying])::text[]))),
    CONSTRAINT ck_faces_quality CHECK (((quality >= (0)::double precision) AND (quality <= (1)::double precision)))
);


--
-- Name: ledger_dumps; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.ledger_dumps (
    id bigint NOT NULL,
    target text NOT NULL,
    path text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    size_bytes bigint NOT NULL,
    file_hash character varying(64) NOT NULL,
    rows jsonb NOT NULL,
    proved_at timestamp with time zone,
    message text
);


--
-- Name: ledger_dumps_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.ledger_dumps_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: ledger_dumps_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.ledger_dumps_id_seq OWNED BY public.ledger_dumps.id;


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
    place_id uuid,
    verified_at timestamp with time zone,
    face_engine text,
    CONSTRAINT ck_media_assets_captured_at_confidence CHECK (((captured_at_confidence >= (0)::double precision) AND (captured_at_confidence <= (1)::double precision))),
    CONSTRAINT ck_media_assets_file_hash CHECK ((length((file_hash)::text) = 64)),
    CONSTRAINT ck_media_assets_final_path CHECK ((substr(final_path, 1, 8) = 'Storage/'::text)),
    CONSTRAINT ck_media_assets_media_type CHECK (((media_type)::text = ANY ((ARRAY['image'::character varying, 'video'::character varying, 'sidecar'::character varying])::text[]))),
    CONSTRAINT ck_media_assets_size_bytes CHECK ((size_bytes >= 0))
);


--
-- Name: persons; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.persons (
    id uuid NOT NULL,
    name text,
    named_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: places; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.places (
    id uuid NOT NULL,
    provider text NOT NULL,
    language text NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    country_code character varying(2),
    country text,
    state text,
    county text,
    city text,
    display text NOT NULL,
    found_at timestamp with time zone NOT NULL
);


--
-- Name: restore_drills; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.restore_drills (
    id bigint NOT NULL,
    target text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    assets integer DEFAULT 0 NOT NULL,
    size_bytes bigint DEFAULT '0'::bigint NOT NULL,
    failed integer DEFAULT 0 NOT NULL,
    message text
);


--
-- Name: restore_drills_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.restore_drills_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: restore_drills_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.restore_drills_id_seq OWNED BY public.restore_drills.id;


--
-- Name: stage_runs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.stage_runs (
    asset_id uuid NOT NULL,
    stage text NOT NULL,
    tries_left integer NOT NULL,
    claims integer NOT NULL,
    not_before timestamp with time zone NOT NULL,
    leased_by text,
    finished_at timestamp with time zone,
    parked_at timestamp with time zone,
    last_error text,
    CONSTRAINT ck_stage_runs_tries_left CHECK ((tries_left >= 0))
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
-- Name: v_backup_coverage; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_backup_coverage AS
 SELECT backup_copies.target,
    count(*) AS copies,
    count(*) FILTER (WHERE ((backup_copies.verified_at IS NOT NULL) AND (backup_copies.problem IS NULL))) AS verified,
    (sum(media_assets.size_bytes))::bigint AS size_bytes,
    min(backup_copies.verified_at) AS oldest_verified_at,
    ( SELECT max(restore_drills.finished_at) AS max
           FROM public.restore_drills
          WHERE ((restore_drills.target = backup_copies.target) AND (restore_drills.failed = 0))) AS last_drill_at
   FROM (public.backup_copies
     JOIN public.media_assets ON ((media_assets.id = backup_copies.asset_id)))
  GROUP BY backup_copies.target;


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
-- Name: v_by_person; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_by_person AS
 SELECT persons.id AS person_id,
    persons.name,
    count(*) AS faces,
    count(DISTINCT faces.asset_id) AS assets,
    min(media_assets.captured_at) AS first_captured_at,
    max(media_assets.captured_at) AS last_captured_at
   FROM ((public.persons
     JOIN public.faces ON (((faces.person_id = persons.id) AND faces.is_face)))
     JOIN public.media_assets ON ((media_assets.id = faces.asset_id)))
  GROUP BY persons.id, persons.name;


--
-- Name: v_by_place; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_by_place AS
 SELECT places.country_code,
    places.country,
    places.state,
    places.city,
    count(*) AS assets,
    min(media_assets.captured_at) AS first_captured_at,
    max(media_assets.captured_at) AS last_captured_at
   FROM (public.media_assets
     JOIN public.places ON ((places.id = media_assets.place_id)))
  GROUP BY places.country_code, places.country, places.state, places.city;


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
-- Name: v_parked; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_parked AS
 SELECT stage_runs.stage,
    stage_runs.asset_id,
    media_assets.final_path,
    media_assets.original_name,
    stage_runs.claims,
    stage_runs.parked_at,
    stage_runs.last_error AS reason
   FROM (public.stage_runs
     JOIN public.media_assets ON ((media_assets.id = stage_runs.asset_id)))
  WHERE (stage_runs.parked_at IS NOT NULL);


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
    count(*) FILTER (WHERE (NOT media_assets.is_ingested)) AS waiting,
    0 AS parked,
    0 AS not_applicable
   FROM public.media_assets
UNION ALL
 SELECT 'is_geocoded'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_geocoded) AS done,
    count(*) FILTER (WHERE ((NOT media_assets.is_geocoded) AND (media_assets.location IS NOT NULL) AND ((media_assets.media_type)::text <> 'sidecar'::text) AND (parked.asset_id IS NULL))) AS waiting,
    count(parked.asset_id) AS parked,
    count(*) FILTER (WHERE ((NOT media_assets.is_geocoded) AND (NOT ((media_assets.location IS NOT NULL) AND ((media_assets.media_type)::text <> 'sidecar'::text))))) AS not_applicable
   FROM (public.media_assets
     LEFT JOIN public.stage_runs parked ON (((parked.asset_id = media_assets.id) AND (parked.stage = 'geocode'::text) AND (parked.parked_at IS NOT NULL))))
UNION ALL
 SELECT 'is_thumbnailed'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_thumbnailed) AS done,
    count(*) FILTER (WHERE ((NOT media_assets.is_thumbnailed) AND ((media_assets.media_type)::text <> 'sidecar'::text) AND (parked.asset_id IS NULL))) AS waiting,
    count(parked.asset_id) AS parked,
    count(*) FILTER (WHERE ((NOT media_assets.is_thumbnailed) AND (NOT ((media_assets.media_type)::text <> 'sidecar'::text)))) AS not_applicable
   FROM (public.media_assets
     LEFT JOIN public.stage_runs parked ON (((parked.asset_id = media_assets.id) AND (parked.stage = 'thumbnail'::text) AND (parked.parked_at IS NOT NULL))))
UNION ALL
 SELECT 'is_face_scanned'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_face_scanned) AS done,
    count(*) FILTER (WHERE ((NOT media_assets.is_face_scanned) AND ((media_assets.media_type)::text = 'image'::text) AND (parked.asset_id IS NULL))) AS waiting,
    count(parked.asset_id) AS parked,
    count(*) FILTER (WHERE ((NOT media_assets.is_face_scanned) AND (NOT ((media_assets.media_type)::text = 'image'::text)))) AS not_applicable
   FROM (public.media_assets
     LEFT JOIN public.stage_runs parked ON (((parked.asset_id = media_assets.id) AND (parked.stage = 'face'::text) AND (parked.parked_at IS NOT NULL))))
UNION ALL
 SELECT 'is_curated'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_curated) AS done,
    count(*) FILTER (WHERE ((NOT media_assets.is_curated) AND ((media_assets.media_type)::text <> 'sidecar'::text) AND (parked.asset_id IS NULL))) AS waiting,
    count(parked.asset_id) AS parked,
    count(*) FILTER (WHERE ((NOT media_assets.is_curated) AND (NOT ((media_assets.media_type)::text <> 'sidecar'::text)))) AS not_applicable
   FROM (public.media_assets
     LEFT JOIN public.stage_runs parked ON (((parked.asset_id = media_assets.id) AND (parked.stage = 'curate'::text) AND (parked.parked_at IS NOT NULL))))
UNION ALL
 SELECT 'is_backed_up'::text AS flag,
    count(*) FILTER (WHERE media_assets.is_backed_up) AS done,
    count(*) FILTER (WHERE ((NOT media_assets.is_backed_up) AND true AND (parked.asset_id IS NULL))) AS waiting,
    count(parked.asset_id) AS parked,
    count(*) FILTER (WHERE ((NOT media_assets.is_backed_up) AND (NOT true))) AS not_applicable
   FROM (public.media_assets
     LEFT JOIN public.stage_runs parked ON (((parked.asset_id = media_assets.id) AND (parked.stage = 'backup'::text) AND (parked.parked_at IS NOT NULL))));


--
-- Name: v_safe_to_delete; Type: VIEW; Schema: public; Owner: -
--

CREATE VIEW public.v_safe_to_delete AS
 SELECT arrivals.id AS arrival_id,
    arrivals.source_device,
    arrivals.path,
    arrivals.size_bytes,
    arrivals.state,
    arrivals.reason,
    arrivals.file_hash,
    media_assets.id AS asset_id,
    media_assets.final_path,
    media_assets.verified_at AS rehashed_at,
    ( SELECT count(*) AS count
           FROM public.backup_copies
          WHERE ((backup_copies.asset_id = media_assets.id) AND (backup_copies.verified_at IS NOT NULL) AND (backup_copies.problem IS NULL))) AS verified_copies,
    ( SELECT min(backup_copies.verified_at) AS min
           FROM public.backup_copies
          WHERE ((backup_copies.asset_id = media_assets.id) AND (backup_copies.problem IS NULL))) AS copies_verified_at
   FROM (public.arrivals
     LEFT JOIN public.media_assets ON ((media_assets.id = arrivals.asset_id)));


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
-- Name: ledger_dumps id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_dumps ALTER COLUMN id SET DEFAULT nextval('public.ledger_dumps_id_seq'::regclass);


--
-- Name: restore_drills id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.restore_drills ALTER COLUMN id SET DEFAULT nextval('public.restore_drills_id_seq'::regclass);


--
-- Name: system_status_history id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.system_status_history ALTER COLUMN id SET DEFAULT nextval('public.system_status_history_id_seq'::regclass);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0002');


--
-- Data for Name: arrivals; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.arrivals VALUES (1, -1633453779269057776, 'Zoë''s camera/a copy; it''s "the same".jpg', 'a copy; it''s "the same".jpg', 833, 1795268493627911432, 3811551, 'filed', NULL, '649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9', 'dbd4dbb0-a85a-4ab3-a4eb-1f1d3b27427a', 'Zoë''s camera', '2026-11-21 13:41:37.029119+00', '2026-11-21 13:41:37.029119+00', '2026-11-21 13:41:37.126197+00');
INSERT INTO public.arrivals VALUES (2, 3742276319235194460, 'Zoë''s camera/broken.jpg', 'broken.jpg', 360, 1795268493636634544, 3811556, 'filed', NULL, '2c2f7638857935f1b2919c60044235a0b2da83051a7e0e94ae6bbdc43038024d', 'd7e3bab2-db97-4e1f-b5d9-68cb64df1925', 'Zoë''s camera', '2026-11-21 13:41:37.029248+00', '2026-11-21 13:41:37.029248+00', '2026-11-21 13:41:37.126197+00');
INSERT INTO public.arrivals VALUES (3, 4617142381755179375, 'Zoë''s camera/latin \xe9
-- x.jpg', 'latin \xe9
-- x.jpg', 653, 1795268493636896745, 3811557, 'filed', NULL, 'ab3784526b1546a013da2b0bda46ba29941d40830ae9aee200f2cd817c5d4455', 'e85f2f29-8040-4b3a-b3a2-89458c97e023', 'Zoë''s camera', '2026-11-21 13:41:37.0293+00', '2026-11-21 13:41:37.0293+00', '2026-11-21 13:41:37.126197+00');
INSERT INTO public.arrivals VALUES (4, -8600121066124860211, 'Zoë''s camera/scan (no date) – äöü.png', 'scan (no date) – äöü.png', 118, 1795268493628594892, 3811553, 'filed', NULL, '9079d3b9735b423239fa0aa6f633dc0164bdb85b99ac00fd635191187e7b3630', 'c3a70ca8-702e-4ebc-9af6-75d3cc85de3f', 'Zoë''s camera', '2026-11-21 13:41:37.029355+00', '2026-11-21 13:41:37.029355+00', '2026-11-21 13:41:37.126197+00');
INSERT INTO public.arrivals VALUES (5, -5869684731662248148, 'pixel-7/empty.jpg', 'empty.jpg', 0, 1795268493637103774, 3811559, 'filed', NULL, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '4af59292-aa8f-4537-9573-c0ad1d773b75', 'pixel-7', '2026-11-21 13:41:37.029391+00', '2026-11-21 13:41:37.029391+00', '2026-11-21 13:41:37.126197+00');
INSERT INTO public.arrivals VALUES (6, 3231115601250576760, 'pixel-7/IMG_2.jpg', 'IMG_2.jpg', 723, 1795268493628284299, 3811552, 'filed', NULL, '1c15fba84f56f650f6beef55ed7f09d2335dd80b1feaaeb9767d177357905639', '7f2c35d4-8614-432c-af36-4b6810104324', 'pixel-7', '2026-11-21 13:41:37.029428+00', '2026-11-21 13:41:37.029428+00', '2026-11-21 13:41:37.126197+00');
INSERT INTO public.arrivals VALUES (7, -6630236452470099199, 'pixel-7/IMG_2.jpg.xmp', 'IMG_2.jpg.xmp', 405, 1795268493636137582, 3811555, 'filed', NULL, 'a30e29144fb14a63cfc3a095605d12388413aa6e4b35362bba18d1ce29260dcb', '3e15bb61-5a7c-4aa2-bb50-97a41a2bd451', 'pixel-7', '2026-11-21 13:41:37.029461+00', '2026-11-21 13:41:37.029461+00', '2026-11-21 13:41:37.126197+00');
INSERT INTO public.arrivals VALUES (8, 2850370223852672226, 'pixel-7/VID_20240501_101112.mp4', 'VID_20240501_101112.mp4', 1054, 1795268493631179665, 3811554, 'filed', NULL, 'b2211f3b789326df017dde6859f382f785e73e875560a58eb45b4fade49c8fde', '45ea7e04-66b7-4248-94ca-6275098338b1', 'pixel-7', '2026-11-21 13:41:37.029515+00', '2026-11-21 13:41:37.029515+00', '2026-11-21 13:41:37.126197+00');
INSERT INTO public.arrivals VALUES (10, 5436687510603226777, 'pixel-7/IMG_1.jpg', 'IMG_1.jpg', 833, 1795268493627588340, 3811550, 'duplicate', NULL, '649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9', 'dbd4dbb0-a85a-4ab3-a4eb-1f1d3b27427a', 'pixel-7', '2026-11-21 13:41:37.070791+00', '2026-11-21 13:41:37.070791+00', '2026-11-21 13:41:37.126197+00');
INSERT INTO public.arrivals VALUES (9, -6023917662763986363, 'Zoë''s camera/a link.jpg', 'a link.jpg', 10, 1795268493637103774, 3811560, 'ignored', 'not a regular file: links, pipes and devices are never followed', NULL, NULL, 'Zoë''s camera', '2026-11-21 13:41:37.070738+00', '2026-11-21 13:41:40.676683+00', NULL);
INSERT INTO public.arrivals VALUES (11, 6220300587414252503, 'pixel-7/Thumbs.db', 'Thumbs.db', 11, 1795268493637103774, 3811558, 'ignored', 'a leftover of another program', NULL, NULL, 'pixel-7', '2026-11-21 13:41:37.0708+00', '2026-11-21 13:41:40.676735+00', NULL);


--
-- Data for Name: backup_copies; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.backup_copies VALUES ('45ea7e04-66b7-4248-94ca-6275098338b1', '/data/Backup', 'Originals/2024/2024-05-01/VID_20240501_101112.mp4', '2026-11-21 13:41:56.599056+00', '2026-11-21 13:41:56.599056+00', 'read back', NULL);
INSERT INTO public.backup_copies VALUES ('3e15bb61-5a7c-4aa2-bb50-97a41a2bd451', '/data/Backup', 'Originals/2024/2024-02-29/IMG_2.jpg.xmp', '2026-11-21 13:41:56.631724+00', '2026-11-21 13:41:56.631724+00', 'read back', NULL);
INSERT INTO public.backup_copies VALUES ('7f2c35d4-8614-432c-af36-4b6810104324', '/data/Backup', 'Originals/2024/2024-02-29/IMG_2.jpg', '2026-11-21 13:41:56.664607+00', '2026-11-21 13:41:56.664607+00', 'read back', NULL);
INSERT INTO public.backup_copies VALUES ('4af59292-aa8f-4537-9573-c0ad1d773b75', '/data/Backup', 'Originals/2026/2026-11-21/empty.jpg', '2026-11-21 13:41:56.709017+00', '2026-11-21 13:41:56.709017+00', 'read back', NULL);
INSERT INTO public.backup_copies VALUES ('c3a70ca8-702e-4ebc-9af6-75d3cc85de3f', '/data/Backup', 'Originals/2026/2026-11-21/scan (no date) – äöü.png', '2026-11-21 13:41:56.780273+00', '2026-11-21 13:41:56.780273+00', 'read back', NULL);
INSERT INTO public.backup_copies VALUES ('e85f2f29-8040-4b3a-b3a2-89458c97e023', '/data/Backup', 'Originals/2026/2026-11-21/latin __-- x.jpg', '2026-11-21 13:41:56.826702+00', '2026-11-21 13:41:56.826702+00', 'read back', NULL);
INSERT INTO public.backup_copies VALUES ('d7e3bab2-db97-4e1f-b5d9-68cb64df1925', '/data/Backup', 'Originals/2022/2022-07-01/broken.jpg', '2026-11-21 13:41:56.862096+00', '2026-11-21 13:41:56.862096+00', 'read back', NULL);
INSERT INTO public.backup_copies VALUES ('dbd4dbb0-a85a-4ab3-a4eb-1f1d3b27427a', '/data/Backup', 'Originals/2023/2023-12-25/a copy; it''s "the same".jpg', '2026-11-21 13:41:56.888146+00', '2026-11-21 13:41:56.888146+00', 'read back', NULL);


--
-- Data for Name: faces; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.faces VALUES ('00000000-0000-0000-0000-000000000000', 'dbd4dbb0-a85a-4ab3-a4eb-1f1d3b27427a', 'dlib', '20.0', 0.1, 0.25, 0.3, 0.4, '{"left_eye": [0.2, 0.3]}', 0.875, '\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff', true, '01234567-89ab-cdef-0123-456789abcdef', 'person', '2026-10-01 08:00:00+00', '2026-11-01 08:00:00.000001+00');


--
-- Data for Name: ledger_dumps; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.ledger_dumps VALUES (1, '/data/Backup', 'Ledger/ledger-20261121T134202357097Z.pgdump', '2026-11-21 13:42:04.167039+00', 51968, 'b2ed5c9475657fef4a8c5e4a0e2bf0e24c407aa0303f6a834c088804f314d162', '{"faces": 0, "places": 1, "persons": 0, "arrivals": 11, "stage_runs": 16, "ledger_dumps": 0, "media_assets": 8, "backup_copies": 8, "system_status": 4, "restore_drills": 1, "alembic_version": 1, "system_status_history": 10}', '2026-11-21 13:42:04.167039+00', NULL);


--
-- Data for Name: media_assets; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.media_assets VALUES ('c3a70ca8-702e-4ebc-9af6-75d3cc85de3f', '9079d3b9735b423239fa0aa6f633dc0164bdb85b99ac00fd635191187e7b3630', 'scan (no date) – äöü.png', 'Zoë''s camera/scan (no date) – äöü.png', 'Storage/Originals/2026/2026-11-21/scan (no date) – äöü.png', 118, 'image', 'image/png', 48, 32, NULL, NULL, NULL, '2026-11-21 14:41:33.628595', '+01:00', 'mtime', 0.2, NULL, '{"dates": [{"note": "read as UTC, shown in Europe/Berlin (the household''s zone)", "value": "2026-11-21T14:41:33.628595", "chosen": true, "offset": "+01:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'Zoë''s camera', NULL, NULL, '9d76f19794c9bfab6bf2913bf48f5297', true, '2026-11-21 13:41:36.993568+00', false, NULL, true, '2026-11-21 13:41:53.869192+00', false, NULL, false, NULL, true, '2026-11-21 13:41:56.820879+00', false, NULL, '2026-11-21 13:41:36.993568+00', NULL, '2026-11-21 13:41:36.993568+00', NULL);
INSERT INTO public.media_assets VALUES ('dbd4dbb0-a85a-4ab3-a4eb-1f1d3b27427a', '649ae043cdf6f0a38c90a979f2df604b9299ed1dbf64587445d91a2a6bc22ed9', 'a copy; it''s "the same".jpg', 'Zoë''s camera/a copy; it''s "the same".jpg', 'Storage/Originals/2023/2023-12-25/a copy; it''s "the same".jpg', 833, 'image', 'image/jpeg', 48, 32, NULL, NULL, NULL, '2023-12-25 12:34:56', NULL, 'exif:DateTimeOriginal', 0.95, '{"lat": 52.52, "lon": 13.405}', '{"dates": [{"value": "2023-12-25T12:34:56", "chosen": true, "offset": null, "source": "exif:DateTimeOriginal", "rejected": null, "confidence": 0.95}, {"value": "2026-11-21T13:41:33.627911", "chosen": false, "offset": "+00:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": [{"alt": null, "lat": 52.52, "lon": 13.405, "chosen": true, "source": "exif:GPS", "rejected": null, "confidence": 0.95}]}', 'Zoë''s camera', NULL, NULL, '38d230ba8316d487c6e27991a5cd7797', true, '2026-11-21 13:41:36.993359+00', true, '2026-11-21 13:41:48.347639+00', true, '2026-11-21 13:41:53.944757+00', true, '2026-10-01 08:00:00+00', false, NULL, true, '2026-11-21 13:41:56.899332+00', false, NULL, '2026-11-21 13:41:36.993359+00', 'f84a0c4a-45d8-5927-a98a-aba9169ade05', '2026-11-21 13:41:36.993359+00', 'dlib 20.0');
INSERT INTO public.media_assets VALUES ('45ea7e04-66b7-4248-94ca-6275098338b1', 'b2211f3b789326df017dde6859f382f785e73e875560a58eb45b4fade49c8fde', 'VID_20240501_101112.mp4', 'pixel-7/VID_20240501_101112.mp4', 'Storage/Originals/2024/2024-05-01/VID_20240501_101112.mp4', 1054, 'video', 'video/mp4', 64, 48, 0.5, NULL, NULL, '2024-05-01 10:11:12', NULL, 'filename', 0.7, NULL, '{"dates": [{"value": "2024-05-01T10:11:12", "chosen": true, "offset": null, "source": "filename", "rejected": null, "confidence": 0.7}, {"value": "2026-11-21T13:41:33.631180", "chosen": false, "offset": "+00:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'pixel-7', NULL, NULL, 'd890099deda8988cd0b9457e792a5362', true, '2026-11-21 13:41:36.993683+00', false, NULL, true, '2026-11-21 13:41:53.822011+00', false, NULL, false, NULL, true, '2026-11-21 13:41:56.616416+00', false, NULL, '2026-11-21 13:41:36.993683+00', NULL, '2026-11-21 13:41:36.993683+00', NULL);
INSERT INTO public.media_assets VALUES ('3e15bb61-5a7c-4aa2-bb50-97a41a2bd451', 'a30e29144fb14a63cfc3a095605d12388413aa6e4b35362bba18d1ce29260dcb', 'IMG_2.jpg.xmp', 'pixel-7/IMG_2.jpg.xmp', 'Storage/Originals/2024/2024-02-29/IMG_2.jpg.xmp', 405, 'sidecar', 'application/rdf+xml', NULL, NULL, NULL, NULL, NULL, '2024-02-29 23:59:59', '+01:00', 'group', 0.95, NULL, '{"dates": [{"note": "read as UTC, shown in Europe/Berlin (the household''s zone)", "value": "2026-11-21T14:41:33.636137", "chosen": true, "offset": "+01:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'pixel-7', NULL, '7f2c35d4-8614-432c-af36-4b6810104324', 'a1238fd1113036f2b1dbc4457eceeeac', true, '2026-11-21 13:41:36.993656+00', false, NULL, false, NULL, false, NULL, false, NULL, true, '2026-11-21 13:41:56.661525+00', false, NULL, '2026-11-21 13:41:36.993656+00', NULL, '2026-11-21 13:41:36.993656+00', NULL);
INSERT INTO public.media_assets VALUES ('7f2c35d4-8614-432c-af36-4b6810104324', '1c15fba84f56f650f6beef55ed7f09d2335dd80b1feaaeb9767d177357905639', 'IMG_2.jpg', 'pixel-7/IMG_2.jpg', 'Storage/Originals/2024/2024-02-29/IMG_2.jpg', 723, 'image', 'image/jpeg', 48, 32, NULL, NULL, NULL, '2024-02-29 23:59:59', NULL, 'exif:DateTimeOriginal', 0.95, NULL, '{"dates": [{"value": "2024-02-29T23:59:59", "chosen": true, "offset": null, "source": "exif:DateTimeOriginal", "rejected": null, "confidence": 0.95}, {"value": "2026-11-21T13:41:33.628284", "chosen": false, "offset": "+00:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'pixel-7', NULL, '7f2c35d4-8614-432c-af36-4b6810104324', 'a1238fd1113036f2b1dbc4457eceeeac', true, '2026-11-21 13:41:36.993635+00', false, NULL, true, '2026-11-21 13:41:53.840756+00', false, NULL, false, NULL, true, '2026-11-21 13:41:56.699174+00', false, NULL, '2026-11-21 13:41:36.993635+00', NULL, '2026-11-21 13:41:36.993635+00', NULL);
INSERT INTO public.media_assets VALUES ('4af59292-aa8f-4537-9573-c0ad1d773b75', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'empty.jpg', 'pixel-7/empty.jpg', 'Storage/Originals/2026/2026-11-21/empty.jpg', 0, 'image', 'image/jpeg', NULL, NULL, NULL, NULL, NULL, '2026-11-21 14:41:33.637104', '+01:00', 'mtime', 0.2, NULL, '{"dates": [{"note": "read as UTC, shown in Europe/Berlin (the household''s zone)", "value": "2026-11-21T14:41:33.637104", "chosen": true, "offset": "+01:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": ["named .jpg, but the file is empty"], "locations": []}', 'pixel-7', NULL, NULL, 'cdb37240ccbfc5fb700750fcedabd50d', true, '2026-11-21 13:41:36.993612+00', false, NULL, false, NULL, false, NULL, false, NULL, true, '2026-11-21 13:41:56.733632+00', true, 'thumbnail: Storage/Originals/2026/2026-11-21/empty.jpg: it cannot be decoded: vips_mapfile: unable to mmap', '2026-11-21 13:41:36.993612+00', NULL, '2026-11-21 13:41:36.993612+00', NULL);
INSERT INTO public.media_assets VALUES ('e85f2f29-8040-4b3a-b3a2-89458c97e023', 'ab3784526b1546a013da2b0bda46ba29941d40830ae9aee200f2cd817c5d4455', 'latin \xe9
-- x.jpg', 'Zoë''s camera/latin \xe9
-- x.jpg', 'Storage/Originals/2026/2026-11-21/latin __-- x.jpg', 653, 'image', 'image/jpeg', 48, 32, NULL, NULL, NULL, '2026-11-21 14:41:33.636897', '+01:00', 'mtime', 0.2, NULL, '{"dates": [{"note": "read as UTC, shown in Europe/Berlin (the household''s zone)", "value": "2026-11-21T14:41:33.636897", "chosen": true, "offset": "+01:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'Zoë''s camera', NULL, NULL, '38ccadb7df8e84fb75fd929f09452d4e', true, '2026-11-21 13:41:36.993498+00', false, NULL, true, '2026-11-21 13:41:53.901441+00', false, NULL, false, NULL, true, '2026-11-21 13:41:56.852091+00', false, NULL, '2026-11-21 13:41:36.993498+00', NULL, '2026-11-21 13:41:36.993498+00', NULL);
INSERT INTO public.media_assets VALUES ('d7e3bab2-db97-4e1f-b5d9-68cb64df1925', '2c2f7638857935f1b2919c60044235a0b2da83051a7e0e94ae6bbdc43038024d', 'broken.jpg', 'Zoë''s camera/broken.jpg', 'Storage/Originals/2022/2022-07-01/broken.jpg', 360, 'image', 'image/jpeg', 48, 32, NULL, NULL, NULL, '2022-07-01 10:00:00', NULL, 'exif:DateTimeOriginal', 0.95, NULL, '{"dates": [{"value": "2022-07-01T10:00:00", "chosen": true, "offset": null, "source": "exif:DateTimeOriginal", "rejected": null, "confidence": 0.95}, {"value": "2026-11-21T13:41:33.636635", "chosen": false, "offset": "+00:00", "source": "mtime", "rejected": null, "confidence": 0.2}], "notes": [], "locations": []}', 'Zoë''s camera', NULL, NULL, '9dd93be8504efee246aab9200b4171ad', true, '2026-11-21 13:41:36.993477+00', false, NULL, false, NULL, false, NULL, false, NULL, true, '2026-11-21 13:41:56.880601+00', true, 'thumbnail: Storage/Originals/2022/2022-07-01/broken.jpg: it cannot be decoded: VipsJpeg: premature end of JPEG image', '2026-11-21 13:41:36.993477+00', NULL, '2026-11-21 13:41:36.993477+00', NULL);


--
-- Data for Name: persons; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.persons VALUES ('01234567-89ab-cdef-0123-456789abcdef', 'Zoë O''Neill', '2026-11-01 08:00:00.000001+00', '2026-10-01 08:00:00+00');


--
-- Data for Name: places; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.places VALUES ('f84a0c4a-45d8-5927-a98a-aba9169ade05', 'offline', '', 52.52, 13.405, 'DE', 'Germany', 'State of Berlin', NULL, 'Berlin', 'Berlin, State of Berlin, Germany', '2026-11-21 13:41:48.342078+00');


--
-- Data for Name: restore_drills; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.restore_drills VALUES (1, '/data/Backup', '2026-11-21 13:42:00.1621+00', '2026-11-21 13:42:00.219057+00', 8, 4146, 0, NULL);


--
-- Data for Name: stage_runs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.stage_runs VALUES ('dbd4dbb0-a85a-4ab3-a4eb-1f1d3b27427a', 'geocode', 0, 1, '2026-11-21 13:41:48.347639+00', NULL, '2026-11-21 13:41:48.347639+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('45ea7e04-66b7-4248-94ca-6275098338b1', 'thumbnail', 0, 1, '2026-11-21 13:41:53.822011+00', NULL, '2026-11-21 13:41:53.822011+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('7f2c35d4-8614-432c-af36-4b6810104324', 'thumbnail', 0, 1, '2026-11-21 13:41:53.840756+00', NULL, '2026-11-21 13:41:53.840756+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('4af59292-aa8f-4537-9573-c0ad1d773b75', 'thumbnail', 0, 1, '2026-11-21 13:41:53.848567+00', NULL, NULL, '2026-11-21 13:41:53.848567+00', 'Storage/Originals/2026/2026-11-21/empty.jpg: it cannot be decoded: vips_mapfile: unable to mmap');
INSERT INTO public.stage_runs VALUES ('c3a70ca8-702e-4ebc-9af6-75d3cc85de3f', 'thumbnail', 0, 1, '2026-11-21 13:41:53.869192+00', NULL, '2026-11-21 13:41:53.869192+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('e85f2f29-8040-4b3a-b3a2-89458c97e023', 'thumbnail', 0, 1, '2026-11-21 13:41:53.901441+00', NULL, '2026-11-21 13:41:53.901441+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('d7e3bab2-db97-4e1f-b5d9-68cb64df1925', 'thumbnail', 0, 1, '2026-11-21 13:41:53.913467+00', NULL, NULL, '2026-11-21 13:41:53.913467+00', 'Storage/Originals/2022/2022-07-01/broken.jpg: it cannot be decoded: VipsJpeg: premature end of JPEG image');
INSERT INTO public.stage_runs VALUES ('dbd4dbb0-a85a-4ab3-a4eb-1f1d3b27427a', 'thumbnail', 0, 1, '2026-11-21 13:41:53.944757+00', NULL, '2026-11-21 13:41:53.944757+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('45ea7e04-66b7-4248-94ca-6275098338b1', 'backup', 0, 1, '2026-11-21 13:41:56.616416+00', NULL, '2026-11-21 13:41:56.616416+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('3e15bb61-5a7c-4aa2-bb50-97a41a2bd451', 'backup', 0, 1, '2026-11-21 13:41:56.661525+00', NULL, '2026-11-21 13:41:56.661525+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('7f2c35d4-8614-432c-af36-4b6810104324', 'backup', 0, 1, '2026-11-21 13:41:56.699174+00', NULL, '2026-11-21 13:41:56.699174+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('4af59292-aa8f-4537-9573-c0ad1d773b75', 'backup', 0, 1, '2026-11-21 13:41:56.733632+00', NULL, '2026-11-21 13:41:56.733632+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('c3a70ca8-702e-4ebc-9af6-75d3cc85de3f', 'backup', 0, 1, '2026-11-21 13:41:56.820879+00', NULL, '2026-11-21 13:41:56.820879+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('e85f2f29-8040-4b3a-b3a2-89458c97e023', 'backup', 0, 1, '2026-11-21 13:41:56.852091+00', NULL, '2026-11-21 13:41:56.852091+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('d7e3bab2-db97-4e1f-b5d9-68cb64df1925', 'backup', 0, 1, '2026-11-21 13:41:56.880601+00', NULL, '2026-11-21 13:41:56.880601+00', NULL, NULL);
INSERT INTO public.stage_runs VALUES ('dbd4dbb0-a85a-4ab3-a4eb-1f1d3b27427a', 'backup', 0, 1, '2026-11-21 13:41:56.899332+00', NULL, '2026-11-21 13:41:56.899332+00', NULL, NULL);


--
-- Data for Name: system_status; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.system_status VALUES ('librarian', '2026-11-21 13:41:41.692874+00', 'OK', 'stopped', 60, '2026-11-21 13:41:40.651109+00', 0, 'since the start: ignored 2');
INSERT INTO public.system_status VALUES ('geocode', '2026-11-21 13:41:48.374003+00', 'OK', 'stopped', 60, '2026-11-21 13:41:46.798029+00', 0, 'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO public.system_status VALUES ('thumbnail', '2026-11-21 13:41:54.042771+00', 'OK', 'stopped', 60, '2026-11-21 13:41:51.46291+00', 0, 'since the start: 5 done, 0 failed, 2 parked');
INSERT INTO public.system_status VALUES ('backup', '2026-11-21 13:41:56.935045+00', 'OK', 'stopped', 60, '2026-11-21 13:41:56.442061+00', 0, 'since the start: 8 done, 0 failed, 0 parked');


--
-- Data for Name: system_status_history; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.system_status_history VALUES (1, 'librarian', '2026-11-21 13:41:40.65272+00', 'OK', 'listing the inbox', 60, '2026-11-21 13:41:40.651109+00', 0, 'since the start: nothing yet');
INSERT INTO public.system_status_history VALUES (2, 'librarian', '2026-11-21 13:41:41.692874+00', 'OK', 'stopped', 60, '2026-11-21 13:41:40.651109+00', 0, 'since the start: ignored 2');
INSERT INTO public.system_status_history VALUES (3, 'geocode', '2026-11-21 13:41:47.342853+00', 'OK', '1 in hand', 60, '2026-11-21 13:41:46.798029+00', 0, 'since the start: 0 done, 0 failed, 0 parked');
INSERT INTO public.system_status_history VALUES (4, 'geocode', '2026-11-21 13:41:48.3533+00', 'OK', 'waiting for photos', 60, '2026-11-21 13:41:46.798029+00', 0, 'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO public.system_status_history VALUES (5, 'geocode', '2026-11-21 13:41:48.374003+00', 'OK', 'stopped', 60, '2026-11-21 13:41:46.798029+00', 0, 'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO public.system_status_history VALUES (6, 'thumbnail', '2026-11-21 13:41:52.648065+00', 'OK', '2 in hand', 60, '2026-11-21 13:41:51.46291+00', 0, 'since the start: 0 done, 0 failed, 0 parked');
INSERT INTO public.system_status_history VALUES (7, 'thumbnail', '2026-11-21 13:41:53.827219+00', 'OK', '1 in hand', 60, '2026-11-21 13:41:51.46291+00', 0, 'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO public.system_status_history VALUES (8, 'thumbnail', '2026-11-21 13:41:54.042771+00', 'OK', 'stopped', 60, '2026-11-21 13:41:51.46291+00', 0, 'since the start: 5 done, 0 failed, 2 parked');
INSERT INTO public.system_status_history VALUES (9, 'backup', '2026-11-21 13:41:56.622665+00', 'OK', '1 in hand', 60, '2026-11-21 13:41:56.442061+00', 0, 'since the start: 1 done, 0 failed, 0 parked');
INSERT INTO public.system_status_history VALUES (10, 'backup', '2026-11-21 13:41:56.935045+00', 'OK', 'stopped', 60, '2026-11-21 13:41:56.442061+00', 0, 'since the start: 8 done, 0 failed, 0 parked');


--
-- Name: arrivals_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.arrivals_id_seq', 13, true);


--
-- Name: ledger_dumps_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.ledger_dumps_id_seq', 1, true);


--
-- Name: restore_drills_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.restore_drills_id_seq', 1, true);


--
-- Name: system_status_history_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.system_status_history_id_seq', 10, true);


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
-- Name: backup_copies pk_backup_copies; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.backup_copies
    ADD CONSTRAINT pk_backup_copies PRIMARY KEY (asset_id, target);


--
-- Name: faces pk_faces; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.faces
    ADD CONSTRAINT pk_faces PRIMARY KEY (id);


--
-- Name: ledger_dumps pk_ledger_dumps; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.ledger_dumps
    ADD CONSTRAINT pk_ledger_dumps PRIMARY KEY (id);


--
-- Name: media_assets pk_media_assets; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_assets
    ADD CONSTRAINT pk_media_assets PRIMARY KEY (id);


--
-- Name: persons pk_persons; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.persons
    ADD CONSTRAINT pk_persons PRIMARY KEY (id);


--
-- Name: places pk_places; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.places
    ADD CONSTRAINT pk_places PRIMARY KEY (id);


--
-- Name: restore_drills pk_restore_drills; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.restore_drills
    ADD CONSTRAINT pk_restore_drills PRIMARY KEY (id);


--
-- Name: stage_runs pk_stage_runs; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.stage_runs
    ADD CONSTRAINT pk_stage_runs PRIMARY KEY (asset_id, stage);


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
-- Name: ix_backup_copies_target_verified_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_backup_copies_target_verified_at ON public.backup_copies USING btree (target, verified_at);


--
-- Name: ix_faces_asset_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_faces_asset_id ON public.faces USING btree (asset_id);


--
-- Name: ix_faces_engine_engine_version_changed_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_faces_engine_engine_version_changed_at ON public.faces USING btree (engine, engine_version, changed_at);


--
-- Name: ix_faces_person_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_faces_person_id ON public.faces USING btree (person_id);


--
-- Name: ix_ledger_dumps_target_made_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_ledger_dumps_target_made_at ON public.ledger_dumps USING btree (target, made_at);


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
-- Name: ix_media_assets_place_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_place_id ON public.media_assets USING btree (place_id);


--
-- Name: ix_media_assets_waiting_is_backed_up; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_backed_up ON public.media_assets USING btree (ingested_at) WHERE (is_backed_up = false);


--
-- Name: ix_media_assets_waiting_is_curated; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_curated ON public.media_assets USING btree (ingested_at) WHERE ((is_curated = false) AND ((media_type)::text <> 'sidecar'::text));


--
-- Name: ix_media_assets_waiting_is_face_scanned; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_face_scanned ON public.media_assets USING btree (ingested_at) WHERE ((is_face_scanned = false) AND ((media_type)::text = 'image'::text));


--
-- Name: ix_media_assets_waiting_is_geocoded; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_geocoded ON public.media_assets USING btree (ingested_at) WHERE ((is_geocoded = false) AND (location IS NOT NULL) AND ((media_type)::text <> 'sidecar'::text));


--
-- Name: ix_media_assets_waiting_is_thumbnailed; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_media_assets_waiting_is_thumbnailed ON public.media_assets USING btree (ingested_at) WHERE ((is_thumbnailed = false) AND ((media_type)::text <> 'sidecar'::text));


--
-- Name: ix_places_country_code_state_city; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_places_country_code_state_city ON public.places USING btree (country_code, state, city);


--
-- Name: ix_restore_drills_target_finished_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_restore_drills_target_finished_at ON public.restore_drills USING btree (target, finished_at);


--
-- Name: ix_stage_runs_leased; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_stage_runs_leased ON public.stage_runs USING btree (stage, not_before) WHERE (leased_by IS NOT NULL);


--
-- Name: ix_stage_runs_parked; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_stage_runs_parked ON public.stage_runs USING btree (stage, parked_at) WHERE (parked_at IS NOT NULL);


--
-- Name: ix_stage_runs_stage_finished_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_stage_runs_stage_finished_at ON public.stage_runs USING btree (stage, finished_at);


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
-- Name: backup_copies fk_backup_copies_asset_id_media_assets; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.backup_copies
    ADD CONSTRAINT fk_backup_copies_asset_id_media_assets FOREIGN KEY (asset_id) REFERENCES public.media_assets(id);


--
-- Name: faces fk_faces_asset_id_media_assets; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.faces
    ADD CONSTRAINT fk_faces_asset_id_media_assets FOREIGN KEY (asset_id) REFERENCES public.media_assets(id);


--
-- Name: faces fk_faces_person_id_persons; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.faces
    ADD CONSTRAINT fk_faces_person_id_persons FOREIGN KEY (person_id) REFERENCES public.persons(id);


--
-- Name: media_assets fk_media_assets_place_id_places; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.media_assets
    ADD CONSTRAINT fk_media_assets_place_id_places FOREIGN KEY (place_id) REFERENCES public.places(id);


--
-- Name: stage_runs fk_stage_runs_asset_id_media_assets; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.stage_runs
    ADD CONSTRAINT fk_stage_runs_asset_id_media_assets FOREIGN KEY (asset_id) REFERENCES public.media_assets(id);


--
-- PostgreSQL database dump complete
--


