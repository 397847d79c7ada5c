-- Fills the demo shop (schema.sql, freshly created and empty) with a sneaker reseller's data.
--
--     psql -f demo/schema.sql -f demo/data.sql
--     psql -v orders=1000000 -v today=2025-06-30 -f demo/data.sql
--
-- orders  the number of completed orders (default 1309); everything else scales from it
-- today   the day the shop is looked at (default the current date in Berlin): its sales are those of the five
--         years before that day, up to and with the evening before, so that no sale lies in the future
--
-- Nothing is random: each roll of the dice is a hash of what is rolled for and of a row's number, so the same
-- orders and the same today give the same rows.

\set ON_ERROR_STOP on
\set quiet_before :QUIET
\set QUIET on

BEGIN;

SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL client_encoding = 'UTF8';
SET LOCAL client_min_messages = warning;
SET LOCAL timezone = 'Europe/Berlin';       -- the shop's clock, whatever the session's is
SET LOCAL extra_float_digits = 1;

\if :{?orders}
\else
    \set orders 1309
\endif
\if :{?today}
\else
    SELECT current_date AS today
    \gset
\endif


-- ---------------------------------------------------------------------------------------------------------------
-- Dice
-- ---------------------------------------------------------------------------------------------------------------

-- A number between 0 and 1, both excluded.
CREATE FUNCTION pg_temp.roll(what text, no bigint) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
    SELECT ((hashtextextended(what, no) & 281474976710655) + 0.5::float8) / 281474976710656
$$;

CREATE FUNCTION pg_temp.chance(what text, no bigint, share float8) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT pg_temp.roll(what, no) < share
$$;

CREATE FUNCTION pg_temp.pick(what text, no bigint, words text[]) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT words[1 + floor(pg_temp.roll(what, no) * cardinality(words))::integer]
$$;

-- A factor around 1, as often below as above: log-logistic, which looks log-normal and needs one roll only.
CREATE FUNCTION pg_temp.spread(what text, no bigint, sigma float8) RETURNS float8
LANGUAGE sql IMMUTABLE AS $$
    SELECT power(1 / pg_temp.roll(what, no) - 1, sigma * 0.55)
$$;

-- A rank from 1 to places, where the first few are drawn most: Zipf's law, levelled among the first `level` ranks.
CREATE FUNCTION pg_temp.rank(what text, no bigint, places bigint, level float8) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT least(places, 1 + floor(level * (power(1 + places / level, pg_temp.roll(what, no)) - 1))::bigint)
$$;

-- Shuffles 0 .. size - 1: the multiplier is a prime, so each place is taken once.
CREATE FUNCTION pg_temp.shuffle(no bigint, size bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT no * 2654435761 % size
$$;

CREATE FUNCTION pg_temp.id(kind text, no bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT md5(kind || ' ' || no::text)::uuid
$$;


-- ---------------------------------------------------------------------------------------------------------------
-- Sizes: a power law through the size of the documented shop (1,309 orders) and that of a big one (a million)
-- ---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION pg_temp.grown(orders bigint, at_1309 float8, at_million float8) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
    SELECT round(at_1309 * power(
        orders / 1309::float8,
        ln(at_million / at_1309) / ln(1000000 / 1309::float8)
    ))::bigint
$$;

SELECT
    :orders::bigint                                                AS orders,
    greatest(pg_temp.grown(:orders, 1500, 1200000), :orders)       AS items,
    -- a small shop does not list more products than it sells
    greatest(least(pg_temp.grown(:orders, 800, 20000),
                   ceil(:orders * 0.62)::bigint), 1)               AS products,
    greatest(pg_temp.grown(:orders, 40, 300), 4)                   AS brands,
    greatest(pg_temp.grown(:orders, 20, 1000), 2)                  AS suppliers,
    greatest(pg_temp.grown(:orders, 60, 1500), 4)                  AS places
\gset


-- ---------------------------------------------------------------------------------------------------------------
-- Countries that the shop trades with, from near to far; the code is what shops write, which for one is not ISO's
-- ---------------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE country ON COMMIT DROP AS
SELECT *
FROM (
    VALUES
        -- no, code, name, dialling code, cities
        (1,  'DE', 'Germany',              '+49',  '{Berlin,Hamburg,München,Köln,Frankfurt am Main,Stuttgart,
                                                     Düsseldorf,Leipzig,Dortmund,Essen,Bremen,Nürnberg}'::text[]),
        (2,  'UK', 'United Kingdom',       '+44',  '{London,Manchester,Birmingham,Leeds,Glasgow,Bristol,Liverpool}'),
        (3,  'FR', 'France',               '+33',  '{Paris,Lyon,Marseille,Toulouse,Lille,Bordeaux}'),
        (4,  'NL', 'Netherlands',          '+31',  '{Amsterdam,Rotterdam,Utrecht,Den Haag,Eindhoven}'),
        (5,  'US', 'United States',        '+1',   '{New York,Los Angeles,Chicago,Houston,Atlanta,Paris,Miami}'),
        (6,  'IT', 'Italy',                '+39',  '{Milano,Roma,Torino,Napoli,Bologna}'),
        (7,  'AT', 'Austria',              '+43',  '{Wien,Graz,Linz,Salzburg}'),
        (8,  'ES', 'Spain',                '+34',  '{Madrid,Barcelona,Valencia,Málaga}'),
        (9,  'PL', 'Poland',               '+48',  '{Warszawa,Kraków,Katowice}'),
        (10, 'CH', 'Switzerland',          '+41',  '{Zürich,Genève,Basel,Bern}'),
        (11, 'BE', 'Belgium',              '+32',  '{Bruxelles,Antwerpen,Gent}'),
        (12, 'SE', 'Sweden',               '+46',  '{Stockholm,Göteborg,Malmö}'),
        (13, 'DK', 'Denmark',              '+45',  '{København,Aarhus,Odense}'),
        (14, 'CZ', 'Czechia',              '+420', '{Praha,Brno,Ostrava}'),
        (15, 'JP', 'Japan',                '+81',  '{Tokyo,Osaka,Fukuoka}'),
        (16, 'IE', 'Ireland',              '+353', '{Dublin,Cork}'),
        (17, 'PT', 'Portugal',             '+351', '{Lisboa,Porto}'),
        (18, 'NO', 'Norway',               '+47',  '{Oslo,Bergen}'),
        (19, 'FI', 'Finland',              '+358', '{Helsinki,Tampere}'),
        (20, 'CA', 'Canada',               '+1',   '{Toronto,Vancouver,London}'),
        (21, 'AU', 'Australia',            '+61',  '{Sydney,Melbourne}'),
        (22, 'HU', 'Hungary',              '+36',  '{Budapest}'),
        (23, 'GR', 'Greece',               '+30',  '{Athina}'),
        (24, 'RO', 'Romania',              '+40',  '{Cluj-Napoca}'),
        (25, 'HK', 'Hong Kong',            '+852', '{Hong Kong}'),
        (26, 'SG', 'Singapore',            '+65',  '{Singapore}'),
        (27, 'AE', 'United Arab Emirates', '+971', '{Dubai}'),
        (28, 'KR', 'South Korea',          '+82',  '{Seoul,Busan}'),
        (29, 'LU', 'Luxembourg',           '+352', '{Luxembourg}'),
        (30, 'HR', 'Croatia',              '+385', '{Zagreb}')
) AS c (no, code, name, dial, cities);


-- ---------------------------------------------------------------------------------------------------------------
-- Platforms: one sells half of everything; the last two opened later
-- ---------------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE platform ON COMMIT DROP AS
SELECT *
FROM (
    VALUES
        -- no, name, slug, order prefix, fee rate, fixed fee, shipping, payout days, country as a code?
        (1, 'StockX', 'stockx', 'STX', 0.115, 0.00,  5.50,  6, false),
        (2, 'eBay',   'ebay',   'EB',  0.092, 0.35,  7.90,  3, false),
        (3, 'GOAT',   'goat',   'GT',  0.124, 5.00,  9.50, 11, false),
        (4, 'Alias',  'alias',  'AL',  0.095, 4.00,  9.50,  9, false),
        (5, 'Klekt',  'klekt',  'KL',  0.148, 0.00, 12.00, 14, true)
) AS p (no, name, slug, prefix, fee_rate, fixed_fee, shipping, payout_days, country_as_code);

INSERT INTO core.platforms (id, name, slug)
SELECT
    pg_temp.id('platform', no),
    name,
    slug
FROM platform
ORDER BY no;


-- ---------------------------------------------------------------------------------------------------------------
-- Suppliers: most are German and charge VAT; a small shop knows the first twenty, a big one many more
-- ---------------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE supplier ON COMMIT DROP AS
WITH known AS (
    SELECT *
    FROM (
        VALUES
            (1,  'Rheinkick Großhandel GmbH',   'Germany'),
            (2,  'Hallenser Sportvertrieb KG',  'Germany'),
            (3,  'Van Dalen Footwear B.V.',     'Netherlands'),
            (4,  'Kantstein Sneaker GmbH',      'Germany'),
            (5,  'Northgate Trainers Ltd',      'United Kingdom'),
            (6,  'Passage Sport SARL',          'France'),
            (7,  'Isarlauf Handels GmbH',       'Germany'),
            (8,  'Tacco & Suola S.r.l.',        'Italy'),
            (9,  'Elbkontor Restposten GmbH',   'Germany'),
            (10, 'København Lager ApS',         'Denmark'),
            (11, 'Warta Obuwie Sp. z o.o.',     'Poland'),
            (12, 'Harbor Street Kicks LLC',     'United States'),
            (13, 'Calzados Mirasol S.L.',       'Spain'),
            (14, 'Fersengold UG',               'Germany'),
            (15, 'Donaukanal Schuhe GmbH',      'Austria'),
            (16, 'Limmat Sneakers AG',          'Switzerland'),
            (17, 'Doppelknoten GbR',            'Germany'),
            (18, 'Kinjo Trading K.K.',          'Japan'),
            (19, 'Schelde Outlet BVBA',         'Belgium'),
            (20, 'Raffle & Cook Resale',        NULL)
    ) AS s (no, name, country)
), invented AS (
    SELECT
        no,
        pg_temp.pick('supplier first', no, '{Alster,Brook,Canal,Delta,East,Fjord,Grand,Hafen,Iron,Jura,Kiez,Linden,
                                             Metro,Nord,Old Town,Port,Quay,River,Stadt,Tor,Union,Volt,West,Yard}')
            || ' '
            || pg_temp.pick('supplier second', no, '{Sport,Sole,Sneaker,Laces,Footwear,Trainers,Kicks,Streetwear,
                                                     Stock,Outlet}')
            || ' ' || no                                                           AS name,
        pg_temp.pick('supplier country', no, '{Germany,Germany,Germany,Germany,Netherlands,Italy,France,Poland,
                                               Austria,United Kingdom}')           AS country
    FROM generate_series(21, :suppliers::bigint) AS no
)
SELECT
    no,
    name,
    country
FROM known
WHERE no <= :suppliers
UNION ALL
SELECT
    no,
    name || CASE country
        WHEN 'Germany'        THEN ' GmbH'
        WHEN 'Austria'        THEN ' GmbH'
        WHEN 'Netherlands'    THEN ' B.V.'
        WHEN 'Italy'          THEN ' S.r.l.'
        WHEN 'France'         THEN ' SARL'
        WHEN 'Poland'         THEN ' Sp. z o.o.'
        WHEN 'United Kingdom' THEN ' Ltd'
    END,
    country
FROM invented;

INSERT INTO core.suppliers (id, business_name, contact_email, phone, country, rating)
SELECT
    pg_temp.id('supplier', s.no),
    s.name,
    CASE WHEN NOT pg_temp.chance('no mail', s.no, 0.08)
        THEN 'orders@'
             || trim('-' FROM regexp_replace(lower(s.name COLLATE "C"), '[^a-z0-9]+', '-', 'g'))
             || '.example'
    END,
    CASE WHEN NOT pg_temp.chance('no phone', s.no, 0.15)
        THEN c.dial || ' 555 01' || lpad(floor(pg_temp.roll('phone', s.no) * 100)::text, 2, '0')
    END,
    s.country,
    CASE WHEN NOT pg_temp.chance('not rated', s.no, 0.1)
        THEN round((5 - 2.4 * power(pg_temp.roll('rating', s.no), 1.7))::numeric, 2)
    END
FROM supplier AS s
LEFT JOIN country AS c ON c.name = s.country
ORDER BY s.no;


-- ---------------------------------------------------------------------------------------------------------------
-- Brands, best known first; a collaboration stands under the brand whose shoe it is
-- ---------------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE brand ON COMMIT DROP AS
WITH known AS (
    SELECT *
    FROM (
        VALUES
            -- no, name, segment, tier, demographic, collaboration?, parent
            (1,  'Nike',                           'Sportswear', 'Mid',     'Unisex', false, NULL),
            (2,  'Jordan',                         'Basketball', 'Premium', 'Men',    false, 1),
            (3,  'adidas',                         'Sportswear', 'Mid',     'Unisex', false, NULL),
            (4,  'New Balance',                    'Running',    'Mid',     'Unisex', false, NULL),
            (5,  'Yeezy',                          'Streetwear', 'Premium', 'Unisex', true,  3),
            (6,  'ASICS',                          'Running',    'Mid',     'Unisex', false, NULL),
            (7,  'Nike x Off-White',               'Streetwear', 'Luxury',  'Men',    true,  1),
            (8,  'Puma',                           'Sportswear', 'Entry',   'Unisex', false, NULL),
            (9,  'Converse',                       'Skate',      'Entry',   'Youth',  false, 1),
            (10, 'Vans',                           'Skate',      'Entry',   'Youth',  false, NULL),
            (11, 'Salomon',                        'Outdoor',    'Mid',     'Unisex', false, NULL),
            (12, 'Jordan x Fragment',              'Basketball', 'Luxury',  'Men',    true,  2),
            (13, 'Supreme',                        'Streetwear', 'Premium', 'Men',    false, NULL),
            (14, 'UGG',                            'Lifestyle',  'Mid',     'Women',  false, NULL),
            (15, 'Crocs',                          'Lifestyle',  'Entry',   'Unisex', false, NULL),
            (16, 'New Balance x Aimé Leon Dore',   'Running',    'Premium', 'Unisex', true,  4),
            (17, 'Fear of God',                    'Streetwear', 'Premium', 'Men',    false, NULL),
            (18, 'Reebok',                         'Sportswear', 'Entry',   'Unisex', false, NULL),
            (19, 'Timberland',                     'Outdoor',    'Mid',     'Men',    false, NULL),
            (20, 'Birkenstock',                    'Lifestyle',  'Mid',     'Women',  false, NULL),
            (21, 'On',                             'Running',    'Mid',     'Unisex', false, NULL),
            (22, 'Hoka',                           'Running',    'Mid',     'Unisex', false, NULL),
            (23, 'Nike x Sacai',                   'Streetwear', 'Luxury',  'Women',  true,  1),
            (24, 'Saucony',                        'Running',    'Entry',   'Unisex', false, NULL),
            (25, 'Stüssy',                         'Streetwear', 'Mid',     'Men',    false, NULL),
            (26, 'Nike x Stüssy',                  'Streetwear', 'Premium', 'Unisex', true,  1),
            (27, 'Mizuno',                         'Running',    'Mid',     'Unisex', false, NULL),
            (28, 'Balenciaga',                     'Luxury',     'Luxury',  'Unisex', false, NULL),
            (29, 'adidas x Prada',                 'Luxury',     'Luxury',  'Unisex', true,  3),
            (30, 'A Bathing Ape',                  'Streetwear', 'Premium', 'Men',    false, NULL),
            (31, 'Dr. Martens',                    'Lifestyle',  'Mid',     'Women',  false, NULL),
            (32, 'ASICS x Kith',                   'Running',    'Premium', 'Unisex', true,  6),
            (33, 'Diadora',                        'Running',    'Entry',   'Unisex', false, NULL),
            (34, 'Fila',                           'Sportswear', 'Entry',   'Youth',  false, NULL),
            (35, 'Under Armour',                   'Basketball', 'Entry',   'Youth',  false, NULL),
            (36, 'Salomon x MM6',                  'Outdoor',    'Premium', 'Women',  true,  11),
            (37, 'Converse x Comme des Garçons',   'Skate',      'Mid',     'Unisex', true,  9),
            (38, 'Karhu',                          'Running',    'Mid',     'Unisex', false, NULL),
            (39, 'Veja',                           'Lifestyle',  'Mid',     'Women',  false, NULL),
            (40, 'Vans x Palace',                  'Skate',      'Mid',     'Men',    true,  10)
    ) AS b (no, name, segment, tier, demographic, collaboration, parent_no)
), invented AS (
    SELECT
        no,
        pg_temp.pick('label first', no, '{Atelier,Blue,Common,Dune,Early,False,Grey,Hollow,Idle,Kind,Low,Minor,
                                          Night,Open,Pale,Quiet,Raw,Second,Tender,Upper,Vast,Wild}')
            || ' '
            || pg_temp.pick('label second', no, '{Avenue,Bureau,Club,Department,Garden,Harbor,Matter,Object,Parade,
                                                  Society,Works}')
            || ' ' || no                                                 AS label,
        -- every third new name works with one of the ten best known brands
        CASE WHEN no % 3 = 0 THEN pg_temp.rank('partner', no, 10, 2) END AS parent_no
    FROM generate_series(41, :brands::bigint) AS no
)
SELECT *
FROM known
WHERE no <= :brands
UNION ALL
SELECT
    i.no,
    coalesce(parent.name || ' x ', '') || i.label,
    coalesce(parent.segment, pg_temp.pick('segment', i.no, '{Streetwear,Running,Lifestyle,Outdoor,Skate}')),
    CASE WHEN parent.no IS NULL
        THEN pg_temp.pick('tier', i.no, '{Entry,Entry,Mid,Mid,Mid,Premium,Luxury}')
        ELSE pg_temp.pick('tier', i.no, '{Mid,Premium,Premium,Luxury}')
    END,
    pg_temp.pick('demographic', i.no, '{Unisex,Unisex,Men,Women,Youth}'),
    parent.no IS NOT NULL,
    parent.no
FROM invented AS i
LEFT JOIN known AS parent ON parent.no = i.parent_no;

INSERT INTO core.brands (id, name, segment, price_tier, target_demographic, is_collaboration, parent_brand_id)
SELECT
    pg_temp.id('brand', no),
    name,
    segment,
    tier,
    demographic,
    collaboration,
    CASE WHEN parent_no IS NOT NULL THEN pg_temp.id('brand', parent_no) END
FROM brand
ORDER BY no;


-- ---------------------------------------------------------------------------------------------------------------
-- Categories and, for each brand, the models that it makes, with their retail price
-- ---------------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE category ON COMMIT DROP AS
SELECT *
FROM (
    VALUES
        (1, 'Lifestyle Sneakers'),
        (2, 'Basketball Sneakers'),
        (3, 'Running Shoes'),
        (4, 'Skate Shoes'),
        (5, 'Boots'),
        (6, 'Slides & Clogs'),
        (7, 'Apparel'),
        (8, 'Accessories')
) AS c (no, name);

INSERT INTO products.categories (id, name)
SELECT
    pg_temp.id('category', no),
    name
FROM category
ORDER BY no;

CREATE TEMPORARY TABLE model ON COMMIT DROP AS
WITH known AS (
    SELECT *
    FROM (
        VALUES
            -- brand, category, retail price, models
            (1,  1, 115, '{Dunk Low,Dunk High,Air Force 1 Low,Air Max 1,Air Max 90,Blazer Mid 77}'::text[]),
            (1,  3, 160, '{Air Max 97,Zoom Vomero 5,P-6000,Shox TL}'),
            (1,  4, 110, '{SB Dunk Low Pro,SB Dunk High Pro}'),
            (1,  7,  85, '{Tech Fleece Hoodie,Windrunner Jacket}'),
            (2,  2, 180, '{1 Retro High OG,3 Retro,4 Retro,5 Retro,6 Retro,11 Retro,12 Retro}'),
            (2,  1, 140, '{1 Low,1 Mid}'),
            (3,  1, 110, '{Samba OG,Gazelle,Campus 00s,Superstar,Forum Low,Handball Spezial}'),
            (3,  3, 180, '{Ultraboost 22,Adizero Adios Pro}'),
            (4,  1, 120, '{550,480,327,9060}'),
            (4,  3, 170, '{990v5,1906R,2002R,530}'),
            (5,  1, 220, '{Boost 350 V2,Boost 700,500,700 V3}'),
            (5,  6,  70, '{Slide,Foam Runner}'),
            (6,  3, 140, '{Gel-Kayano 14,Gel-Lyte III,GT-2160,Gel-NYC,Gel-1130}'),
            (7,  1, 190, '{Dunk Low,Air Force 1 Low,Blazer Mid,Air Presto}'),
            (8,  1,  85, '{Suede Classic,Palermo,RS-X,Speedcat}'),
            (8,  2, 115, '{MB.01,MB.02,MB.03}'),
            (9,  4,  75, '{Chuck 70 Hi,Chuck Taylor All Star,Run Star Hike,One Star Pro}'),
            (10, 4,  70, '{Old Skool,Sk8-Hi,Authentic,Knu Skool,Half Cab}'),
            (11, 3, 165, '{XT-6,XT-4,ACS Pro,Speedcross 3}'),
            (12, 2, 250, '{1 Retro High,1 Retro Low,3 Retro}'),
            (13, 7, 150, '{Box Logo Hoodie,Small Box Tee,Nuptse Jacket,Beanie}'),
            (13, 8,  60, '{Waist Bag,Backpack,Camp Cap,Skateboard Deck}'),
            (14, 5, 160, '{Classic Mini II,Classic Ultra Mini,Neumel}'),
            (14, 6, 110, '{Tasman,Tazz,Disquette}'),
            (15, 6,  50, '{Classic Clog,Echo Clog,Crush Clog,Pollex Clog}'),
            (16, 1, 160, '{550,990v2,1906R,860v2}'),
            (17, 7, 120, '{Essentials Hoodie,Essentials Tee,Essentials Sweatpants}'),
            (17, 1, 190, '{Athletics I,California Slip-On}'),
            (18, 1,  90, '{Club C 85,Classic Leather,Question Mid,Instapump Fury}'),
            (19, 5, 190, '{6-Inch Premium Boot,3-Eye Lug,Euro Hiker}'),
            (20, 6, 130, '{Boston,Arizona,Zurich,Madrid}'),
            (21, 3, 150, '{Cloudmonster,Cloudtilt,Cloud 5,Roger Advantage}'),
            (22, 3, 150, '{Clifton 9,Bondi 8,Speedgoat 5,Tor Ultra Low}'),
            (23, 1, 190, '{LDWaffle,VaporWaffle,Cortez,Blazer Low}'),
            (24, 3,  95, '{ProGrid Omni 9,Shadow 5000,Jazz Original,Grid Azura}'),
            (25, 7,  95, '{World Tour Tee,Basic Hoodie,Coach Jacket,Work Pant}'),
            (26, 1, 150, '{Air Penny 2,Air Force 1 Mid,Vandal High,LD-1000}'),
            (27, 3, 140, '{Wave Rider 10,Wave Prophecy,Sky Medal}'),
            (28, 1, 850, '{Triple S,Track,Speed Trainer,3XL}'),
            (29, 1, 600, '{Superstar,Forum Low,A+P Luna Rossa}'),
            (30, 1, 230, '{Bape Sta,Sk8 Sta}'),
            (30, 7, 210, '{Shark Full Zip Hoodie,College Tee}'),
            (31, 5, 170, '{1460,Jadon,2976 Chelsea}'),
            (32, 3, 190, '{Gel-Lyte III,Gel-Kayano 14,GT-2160}'),
            (33, 3,  85, '{N9000,B.Elite,Mythos}'),
            (34, 1,  70, '{Disruptor II,Ray Tracer}'),
            (35, 2, 100, '{Curry Flow 10,Spawn 5}'),
            (36, 1, 300, '{Cross Low,XT-4 Mule}'),
            (37, 4, 135, '{Chuck 70 Hi,Chuck 70 Low}'),
            (38, 3, 130, '{Fusion 2.0,Aria 95,Legacy 96}'),
            (39, 1, 130, '{V-10,Campo,Condor}'),
            (40, 4, 110, '{Sk8-Hi,Authentic,Old Skool}')
    ) AS m (brand_no, category_no, retail, names)
), invented AS (
    -- what a label that nobody knows yet makes
    SELECT
        b.no,
        m.category_no,
        m.factor * CASE b.tier
            WHEN 'Entry'   THEN 70
            WHEN 'Mid'     THEN 125
            WHEN 'Premium' THEN 210
            WHEN 'Luxury'  THEN 480
        END,
        m.names
    FROM brand AS b
    CROSS JOIN (
        VALUES
            (1, 1.0, '{Court Low,Court High,Field Trainer,Canvas 01,Derby}'::text[]),
            (3, 1.1, '{Runner 01,Runner 02,Trail Mid}'),
            (7, 0.6, '{Logo Hoodie,Heavy Tee}')
    ) AS m (category_no, factor, names)
    WHERE b.no > 40
)
SELECT
    l.brand_no,
    l.category_no,
    l.retail,
    n.name,
    row_number() OVER (PARTITION BY l.brand_no ORDER BY l.category_no, n.place) AS no,
    count(*) OVER (PARTITION BY l.brand_no)                                     AS of_brand
FROM (
    SELECT * FROM known WHERE brand_no <= :brands
    UNION ALL
    SELECT * FROM invented
) AS l (brand_no, category_no, retail, names)
CROSS JOIN unnest(l.names) WITH ORDINALITY AS n (name, place);


-- ---------------------------------------------------------------------------------------------------------------
-- Products, best seller first: a model in a colorway. Hype decides what the market pays over the retail price.
-- ---------------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE product ON COMMIT DROP AS
WITH branded AS (
    SELECT
        no,
        -- one product for each brand, the others by how well the brand is known
        CASE WHEN pg_temp.shuffle(no, :products) < :brands
            THEN 1 + pg_temp.shuffle(no, :products)
            ELSE pg_temp.rank('brand', no, :brands, 2)
        END AS brand_no
    FROM generate_series(1, :products::bigint) AS no
), made AS (
    SELECT
        p.no,
        p.brand_no,
        b.name                                                                                         AS brand_name,
        b.tier,
        1 + floor(pg_temp.roll('model', p.no)
                  * (SELECT max(m.of_brand) FROM model AS m WHERE m.brand_no = p.brand_no))::bigint    AS model_no,
        pg_temp.pick('main color', p.no, '{White,White,Black,Black,Grey,Sail,Navy,Red,Green,Brown,Beige,Pink,
                                           Light Blue,Olive}')                                         AS main_color,
        pg_temp.pick('accent', p.no, '{Black,White,Grey,Gum,Royal Blue,University Red,Pine Green,Orange,Purple,
                                       Volt,Silver,Mocha}')                                            AS accent
    FROM branded AS p
    JOIN brand AS b ON b.no = p.brand_no
)
SELECT
    p.no,
    p.brand_no,
    m.category_no,
    p.brand_name || ' ' || m.name || ' '
        || CASE WHEN p.main_color = p.accent THEN 'Triple ' || p.main_color ELSE p.main_color || ' ' || p.accent END
        || CASE WHEN pg_temp.chance('dated', p.no, 0.5)
               THEN ' (' || extract(year FROM :'today'::date) - floor(pg_temp.roll('release year', p.no) * 6) || ')'
               ELSE ''
           END                                                                                         AS name,
    p.main_color || '/' || p.accent                                                                    AS color,
    m.retail * pg_temp.spread('retail', p.no, 0.10)                                                    AS retail,
    m.retail * pg_temp.spread('retail', p.no, 0.10)
             * pg_temp.spread('hype', p.no, 0.16)
             * CASE p.tier
                   WHEN 'Entry'   THEN 1.30
                   WHEN 'Mid'     THEN 1.34
                   WHEN 'Premium' THEN 1.45
                   WHEN 'Luxury'  THEN 1.65
               END                                                                                     AS market
FROM made AS p
JOIN model AS m
  ON m.brand_no = p.brand_no
 AND m.no = p.model_no;

INSERT INTO products.products (id, sku, name, brand_id, category_id)
SELECT
    pg_temp.id('product', no),
    -- a style code such as DD1391-100; the first six characters are unique
    chr(65 + (style / 260000)::integer)
        || chr(65 + (style / 10000 % 26)::integer)
        || lpad((style % 10000)::text, 4, '0')
        || '-' || lpad(floor(pg_temp.roll('color code', no) * 1000)::text, 3, '0'),
    name,
    -- an import that did not know the brand
    CASE WHEN NOT pg_temp.chance('brand unknown', no, 0.012) THEN pg_temp.id('brand', brand_no) END,
    CASE WHEN NOT pg_temp.chance('category unknown', no, 0.006) THEN pg_temp.id('category', category_no) END
FROM product
CROSS JOIN LATERAL (SELECT pg_temp.shuffle(no, 6760000) AS style) AS s
ORDER BY no;


-- ---------------------------------------------------------------------------------------------------------------
-- Days: how many completed orders the shop had on each, as a range of order numbers
-- ---------------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE day ON COMMIT DROP AS
WITH weighted AS (
    SELECT
        day,
        round((
            power(1.30, no / 365.25)                                                -- growth in a year
            * (ARRAY[0.80, 0.85, 0.95, 1.00, 0.95, 0.90,
                     0.85, 0.95, 1.05, 1.10, 1.50, 1.65])[extract(month FROM day)]  -- the fourth quarter
            * (ARRAY[0.95, 0.90, 0.90, 1.00, 1.10, 1.20, 1.15])[extract(isodow FROM day)]
            -- a release on some Saturdays
            * CASE WHEN extract(isodow FROM day) = 6 AND pg_temp.chance('release', no, 0.3) THEN 2.4 ELSE 1 END
            * pg_temp.spread('day', no, 0.35)
        )::numeric, 6) AS weight
    FROM (
        SELECT
            opened + no::integer AS day,
            no
        FROM (SELECT (:'today'::date - interval '5 years')::date AS opened) AS o
        CROSS JOIN generate_series(0, :'today'::date - opened - 1::bigint) AS no
    ) AS d
), cumulated AS (
    SELECT
        day,
        round(:orders * sum(weight) OVER (ORDER BY day) / sum(weight) OVER ())::bigint AS last_no
    FROM weighted
)
SELECT
    day,
    1 + lag(last_no, 1, 0::bigint) OVER (ORDER BY day) AS first_no,
    last_no
FROM cumulated
ORDER BY day;


-- ---------------------------------------------------------------------------------------------------------------
-- Stock items: one for each completed order, in the order of their sale, then the stock that nobody bought yet
-- ---------------------------------------------------------------------------------------------------------------

-- Now and then an item is sold twice (a return that was sold again, or a refund, which is an order with negative
-- amounts). The item with the next number then stays unsold, so that the number of orders comes out exactly.
CREATE TEMPORARY TABLE stock ON COMMIT DROP AS
WITH sold AS (
    SELECT
        no,
        -- more in the afternoon than in the morning
        (day + make_interval(
            secs => floor(28800 + 27000 * (pg_temp.roll('hour', no) + pg_temp.roll('hour too', no)))
        ))::timestamptz                                            AS sold_at,
        -- one item for each product, the others by how well the product sells
        CASE WHEN pg_temp.shuffle(no, :orders) < :products
            THEN 1 + pg_temp.shuffle(no, :orders)
            ELSE pg_temp.rank('product', no, :products, 5)
        END                                                        AS product_no
    FROM day
    CROSS JOIN generate_series(first_no, last_no) AS no
), bought AS (
    SELECT
        no,
        product_no,
        sold_at,
        date_trunc('second', sold_at
            - make_interval(secs => 86400 * least(0.7 + 24 * pg_temp.spread('days to sell', no, 1.0), 420)))
                                                                   AS bought_at,
        CASE
            WHEN no % 2 = 0 AND pg_temp.chance('sold twice', no, 0.016)                        THEN 0
            WHEN no % 2 = 1 AND pg_temp.chance('sold twice', no + 1, 0.016) AND no < :orders   THEN 2
            ELSE 1
        END                                                        AS sales
    FROM sold
    UNION ALL
    -- what does not sell is any product, not the best sellers
    SELECT
        no,
        1 + floor(pg_temp.roll('product', no) * :products)::bigint,
        NULL,
        date_trunc('second', :'today'::date
            - make_interval(secs => 86400 * (0.2 + 520 * power(pg_temp.roll('age', no), 2.2)))),
        0
    FROM generate_series(:orders + 1::bigint, :items) AS no
)
SELECT
    s.no,
    s.product_no,
    p.category_no,
    p.color,
    s.bought_at,
    s.sold_at,
    s.sales,
    s.sales = 2 AND pg_temp.chance('refund', s.no, 0.4)            AS refunded,
    s.sales = 0 AND pg_temp.chance('pending', s.no, 0.07)          AS pending,
    -- a brand is mostly bought from a few suppliers that carry it, private sellers are not noted
    CASE
        WHEN pg_temp.chance('private', s.no, 0.06)       THEN NULL
        WHEN pg_temp.chance('carries brand', s.no, 0.55) THEN 1 + (p.brand_no * 3 + s.no % 3) % :suppliers
        ELSE pg_temp.rank('supplier', s.no, :suppliers, 2)
    END                                                            AS supplier_no,
    -- for some the receipt is lost
    CASE WHEN NOT pg_temp.chance('receipt lost', s.no, 0.004)
        THEN (p.retail * 0.93 * pg_temp.spread('purchase', s.no, 0.13))::numeric(10, 2)
    END                                                            AS cost,
    p.market
FROM bought AS s
JOIN product AS p ON p.no = s.product_no
ORDER BY s.no;

-- So that the joins below keep the order of the stock, which is that of time.
ANALYZE supplier, stock;

INSERT INTO products.inventory (
    id, product_id, supplier_id, purchase_price, gross_purchase_price, vat_amount, purchase_date,
    status, condition, size, color, created_at, updated_at
)
SELECT
    pg_temp.id('item', s.no),
    pg_temp.id('product', s.product_no),
    CASE WHEN s.supplier_no IS NOT NULL THEN pg_temp.id('supplier', s.supplier_no) END,
    s.cost,
    -- a German invoice has 19 % VAT on it, one from abroad has none, a private seller writes no invoice
    CASE
        WHEN v.country = 'Germany'     THEN round(s.cost * 1.19, 2)
        WHEN s.supplier_no IS NOT NULL THEN s.cost
    END,
    CASE
        WHEN v.country = 'Germany'     THEN round(s.cost * 1.19, 2) - s.cost
        WHEN s.supplier_no IS NOT NULL THEN 0 * s.cost
    END,
    CASE WHEN NOT pg_temp.chance('purchase date unknown', s.no, 0.02) THEN s.bought_at END,
    CASE
        WHEN s.refunded                           THEN 'returned'
        WHEN s.sales > 0                          THEN 'sold'
        WHEN s.pending                            THEN 'reserved'
        WHEN pg_temp.chance('listed', s.no, 0.8)  THEN 'listed'
        ELSE 'in_stock'
    END,
    CASE WHEN NOT pg_temp.chance('condition unknown', s.no, 0.01)
        THEN pg_temp.pick('condition', s.no, '{new,new,new,new,new,new,new,new,new,new,new,new,new,
                                                new_no_box,used}')
    END,
    CASE
        WHEN s.category_no = 7 THEN pg_temp.pick('size', s.no, '{XS,S,S,M,M,M,L,L,L,XL,XL,XXL}')
        WHEN s.category_no = 8 THEN 'One Size'
        ELSE pg_temp.pick('size', s.no, '{36,36.5,37.5,38,38.5,39,40,40,40.5,41,41,42,42,42,42.5,42.5,
                                           43,43,43,44,44,44.5,45,45.5,46,47,47.5,48.5}')
    END,
    s.color,
    s.bought_at + interval '3 hours',
    CASE WHEN s.sales > 0 THEN s.sold_at ELSE s.bought_at + interval '3 hours' END
FROM stock AS s
LEFT JOIN supplier AS v ON v.no = s.supplier_no;


-- ---------------------------------------------------------------------------------------------------------------
-- Where buyers live: the near and big places first, then small towns
-- ---------------------------------------------------------------------------------------------------------------

CREATE TEMPORARY TABLE place ON COMMIT DROP AS
WITH known AS (
    SELECT
        row_number() OVER (ORDER BY c.no * t.place, c.no) AS no,
        c.code,
        c.name                                            AS country,
        t.city
    FROM country AS c
    CROSS JOIN unnest(c.cities) WITH ORDINALITY AS t (city, place)
), invented AS (
    SELECT
        no,
        pg_temp.rank('country', no, 30, 3)                                         AS country_no,
        pg_temp.pick('town first', no, '{Alten,Bel,Castel,Dorn,Eber,Falken,Grün,Hoch,Kirch,Linden,Mont,Neu,Ober,
                                         Rosen,Saint-,Stein,Unter,Val,Wald,Wester}')
            || pg_temp.pick('town second', no, '{bach,berg,burg,brook,dal,dorf,feld,ford,haven,heim,hof,mar,mont,
                                                 stad,stein,tal,ton,ville,vik,wick}')      AS city
    FROM generate_series((SELECT 1 + count(*) FROM known), :places) AS no
)
SELECT
    no,
    code,
    country,
    city
FROM known
WHERE no <= :places
UNION ALL
SELECT
    i.no,
    c.code,
    c.name,
    i.city
FROM invented AS i
JOIN country AS c ON c.no = i.country_no;


-- ---------------------------------------------------------------------------------------------------------------
-- Orders
-- ---------------------------------------------------------------------------------------------------------------

ANALYZE platform, place;

-- Each OFFSET 0 makes a step be computed once instead of once per use in the next step.
INSERT INTO transactions.orders (
    id, inventory_item_id, platform_id, external_id, status, sold_at,
    gross_sale, net_proceeds, gross_profit, net_profit, roi, platform_fee, shipping_cost,
    payout_received, payout_date, buyer_destination_country, buyer_destination_city, raw_data,
    created_at, updated_at
)
WITH deal AS (
    -- completed: the sale, and for an item that was sold twice the refund or the second sale
    SELECT
        'completed'                                                                            AS status,
        s.no * 5 + CASE WHEN nth = 1 THEN 0 WHEN s.refunded THEN 1 ELSE 2 END                  AS no,
        s.no * 5 + CASE WHEN nth = 1 OR s.refunded THEN 0 ELSE 2 END                           AS buyer_no,
        CASE WHEN nth = 2 AND s.refunded THEN -1 ELSE 1 END                                    AS direction,
        date_trunc('second', s.sold_at + (nth - 1) * least(
            make_interval(secs => 86400 * (4 + 30 * pg_temp.roll('return', s.no))),
            0.9 * (:'today'::date - s.sold_at)
        ))                                                                                     AS made_at,
        s.no                                                                                   AS item_no,
        s.cost,
        s.market
    FROM stock AS s
    CROSS JOIN generate_series(1, s.sales) AS nth
    UNION ALL
    -- cancelled, before the item was sold in the end
    SELECT
        'cancelled',
        s.no * 5 + 3,
        s.no * 5 + 3,
        1,
        date_trunc('second', s.bought_at + pg_temp.roll('cancelled at', s.no) * (s.sold_at - s.bought_at)),
        s.no,
        s.cost,
        s.market
    FROM stock AS s
    WHERE s.sales > 0
      AND pg_temp.chance('cancelled', s.no, 0.03)
    UNION ALL
    -- pending: on its way to the buyer
    SELECT
        'pending',
        s.no * 5 + 4,
        s.no * 5 + 4,
        1,
        date_trunc('second', :'today'::date - least(interval '9 days', :'today'::date - s.bought_at)
                                              * pg_temp.roll('pending since', s.no)),
        s.no,
        s.cost,
        s.market
    FROM stock AS s
    WHERE s.pending
), placed AS (
    SELECT
        d.*,
        -- the last two platforms, an eighth of all sales today, opened in the third year
        width_bucket(
            pg_temp.roll('platform', d.buyer_no)
                * CASE WHEN d.made_at < :'today'::date - interval '3 years' THEN 0.87 ELSE 1 END,
            ARRAY[0, 0.51, 0.73, 0.87, 0.96]
        )                                                                  AS platform_no,
        pg_temp.rank('place', d.buyer_no, :places, 2)                      AS place_no,
        (d.market * pg_temp.spread('sale', d.buyer_no, 0.11))::numeric(10, 2) AS price
    FROM deal AS d
    OFFSET 0
), charged AS (
    SELECT
        d.*,
        p.prefix || '-'
            || 100000000 + floor(pg_temp.roll('order number', d.no) * 900000000)::bigint AS external_id,
        p.slug,
        d.direction * d.price                                              AS gross,
        d.direction * round(d.price * p.fee_rate + p.fixed_fee, 2)         AS fee,
        -- paid for the way back too
        round((p.shipping * pg_temp.spread('shipping', d.no, 0.25))::numeric, 2) AS shipping,
        d.made_at + make_interval(
            days => floor(1 + p.payout_days * pg_temp.spread('payout', d.no, 0.5))::integer
        )                                                                  AS payout_at,
        CASE
            WHEN pg_temp.chance('country unknown', d.buyer_no, 0.008) THEN NULL
            WHEN p.country_as_code                                    THEN l.code
            ELSE l.country
        END                                                                AS country,
        CASE WHEN NOT pg_temp.chance('city unknown', d.buyer_no, 0.04) THEN l.city END AS city
    FROM placed AS d
    JOIN platform AS p ON p.no = d.platform_no
    JOIN place AS l ON l.no = d.place_no
    OFFSET 0
), settled AS (
    SELECT
        d.*,
        gross - fee - shipping                    AS proceeds,
        gross - fee - shipping - direction * cost AS profit,
        status = 'completed'
            AND payout_at < :'today'::date
            AND NOT pg_temp.chance('payout open', no, 0.015) AS paid
    FROM charged AS d
    OFFSET 0
)
SELECT
    pg_temp.id('order', no),
    pg_temp.id('item', item_no),
    pg_temp.id('platform', platform_no),
    external_id,
    status,
    CASE
        WHEN status = 'pending'                              THEN NULL
        WHEN pg_temp.chance('sale date unknown', no, 0.006)  THEN NULL
        ELSE made_at
    END,
    gross,
    proceeds,
    gross - direction * cost,
    profit,
    CASE WHEN cost > 0 THEN least(greatest(round(profit / cost * 100, 2), -999.99), 999.99) END,
    fee,
    shipping,
    paid,
    CASE WHEN paid THEN payout_at END,
    country,
    city,
    jsonb_build_object('source', slug, 'orderNumber', external_id, 'currency', 'EUR', 'amount', gross),
    made_at,
    CASE WHEN paid THEN payout_at ELSE made_at END
FROM settled;

DROP FUNCTION
    pg_temp.roll,
    pg_temp.chance,
    pg_temp.pick,
    pg_temp.spread,
    pg_temp.rank,
    pg_temp.shuffle,
    pg_temp.id,
    pg_temp.grown;

COMMIT;

ANALYZE
    core.platforms,
    core.suppliers,
    core.brands,
    products.categories,
    products.products,
    products.inventory,
    transactions.orders;

\set QUIET :quiet_before
\unset quiet_before
