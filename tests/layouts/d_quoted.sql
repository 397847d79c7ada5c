-- A shop with every name that SQL allows and nobody should choose: quotes, spaces, newlines, percent signs, parameters,
-- keywords, 63 bytes.

CREATE SCHEMA "my shop";
CREATE SCHEMA "we""ird; drop";

CREATE TABLE "we""ird; drop"."we""ird; drop" (
    "select"                                                          integer PRIMARY KEY,
    "the ""item"""                                                    integer,
    "100%s %d"                                                        text,
    "$1"                                                              timestamptz,
    "amount' || '
in €"                                                                 numeric,
    "a_column_with_a_name_of_sixty_three_bytes_as_long_as_names_get_"  text,
    "source"                                                          text,
    ":'time_zone'"                                                    text
);

CREATE TABLE "my shop"."stock -- item" (
    "id)"       integer PRIMARY KEY,
    "product\n" integer NOT NULL,
    "size /*"   text
);

INSERT INTO "my shop"."stock -- item" VALUES
    (1, 7, '42');

INSERT INTO "we""ird; drop"."we""ird; drop" VALUES
    (1, 1, 'completed', '2024-06-01 12:00:00+00', 12.50, 'Germany', 'S', 'Z');
