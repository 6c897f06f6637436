<?php
require __DIR__ . '/support/check.php';

$berlin = new DateTimeZone('Europe/Berlin');
$before = new DateTimeImmutable('2024-03-31 01:30', $berlin);
same('2024-03-31T03:30:00+02:00', $before->modify('+1 hour')->format(DATE_ATOM),
    'daylight saving time begins');
check(count(DateTimeZone::listIdentifiers()) > 400, 'the time zone database is there');
same('+29', (new DateTime('2024-02-01'))->diff(new DateTime('2024-03-01'))->format('%R%a'),
    'February 2024');
$sun = date_sun_info(1718928000, 52.5, 13.4);
check($sun['sunset'] > $sun['sunrise'], 'the sun sets after it rises');
ok();
