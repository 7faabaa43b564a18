"""kill -9 in the middle of batches, and two connectors at once: no record is lost, none is doubled."""

from __future__ import annotations

import traceback
from random import Random

from tests.attack.report import Report
from tests.model_service.batch import test_arrivals


def attack(count: int, _random: Random) -> Report:
    report = Report()
    for _ in range(count):
        for test in (
            test_arrivals.test_a_function_that_is_killed_again_and_again_leaves_one_result_of_each_record,
            test_arrivals.test_two_connectors_that_send_the_same_records_at_once_leave_one_result_of_each,
        ):
            try:
                test()
            except AssertionError:
                report.fault("a loss", traceback.format_exc(limit=-1))
    kills = count * len(test_arrivals.KILLS)
    report.figures |= {"kills": kills, "records": count * 2 * test_arrivals.RECORDS}
    return report
