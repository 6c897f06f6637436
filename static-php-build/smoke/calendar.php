<?php
require __DIR__ . '/support/check.php';

same(2460311, gregoriantojd(1, 1, 2024), 'Julian day of 2024-01-01');
same('1/1/2024', jdtogregorian(2460311), 'and back');
same(29, cal_days_in_month(CAL_GREGORIAN, 2, 2024), 'leap year');
same('3/31/2024', date('n/j/Y', easter_date(2024)), 'Easter 2024');
same('4/20/5784', jdtojewish(2460311), 'Jewish calendar');
ok();
