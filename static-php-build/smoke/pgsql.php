<?php
// needs: postgres
require __DIR__ . '/support/check.php';

$db = pg_connect('host=' . server('POSTGRES') . ' user=smoke password=secret dbname=smoke');
same('UTF8', pg_client_encoding($db), 'encoding');
pg_query($db, 'CREATE TEMPORARY TABLE t (id serial, word text, raw bytea, tags text[])');
$raw = random_bytes(500);
pg_query_params($db, 'INSERT INTO t (word, raw, tags) VALUES ($1, $2, $3)',
    ['größer', pg_escape_bytea($db, $raw), '{a,b}']);
$row = pg_fetch_assoc(pg_query($db, 'SELECT * FROM t'));
same(['1', 'größer', '{a,b}'], [$row['id'], $row['word'], $row['tags']], 'a row');
same($raw, pg_unescape_bytea($row['raw']), 'bytes');
pg_prepare($db, 'twice', 'SELECT $1::int * 2');
same('42', pg_fetch_result(pg_execute($db, 'twice', [21]), 0, 0), 'a prepared statement');
same(true, pg_copy_from($db, 't', ["10\tten\t\\\\x00\t{}\n"]), 'COPY in');
same(2, count(pg_copy_to($db, 't')), 'COPY out');
pg_query($db, 'LISTEN news');
pg_query($db, "NOTIFY news, 'hello'");
same('hello', pg_get_notify($db, PGSQL_ASSOC)['payload'], 'notifications');
same(false, @pg_query($db, 'SELECT nonsense'), 'an error');
check(str_contains(pg_last_error($db), 'nonsense'), 'is told');
// Nobody listens there: the error names the place that a connection without a host means.
@pg_connect('dbname=smoke port=1');
$place = '/var/run/postgresql/.s.PGSQL.1';
check(str_contains(error_get_last()['message'] ?? '', $place), 'the local socket');
ok();
