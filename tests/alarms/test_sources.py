"""From an alarm on what feeds or fronts a function to that function, in an account that moto plays."""

from __future__ import annotations

from bot.alarms.target import resolve
from tests.alarms.alarms import an_alarm, names, on
from tests.alarms.aws_parts import NOW, Account


class TestOtherSources:
    def test_a_target_group_holds_its_function(self, account: Account) -> None:
        """The dimension is the end of the target group's ARN."""
        _, group = account.target_group(account.function("orders"))

        resolved = resolve(on("AWS/ApplicationELB", "LambdaUserError", TargetGroup=group.rpartition(":")[2]), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.targets[0].kind == "alb"

    def test_a_load_balancer_leads_to_its_target_groups(self, account: Account) -> None:
        """An alarm on 5XX of the whole load balancer names no target group."""
        balancer, _ = account.target_group(account.function("orders"))
        dimension = balancer.partition(":loadbalancer/")[2]

        assert names(resolve(on("AWS/ApplicationELB", "HTTPCode_ELB_502_Count", LoadBalancer=dimension), account.clients, now=NOW)) == [
            "orders"
        ]

    def test_a_queue_leads_to_the_function_that_it_feeds(self, account: Account) -> None:
        """By the event source mapping."""
        queue = account.queue("orders-in")
        account.function("orders")
        account.clients.client("lambda").create_event_source_mapping(EventSourceArn=queue, FunctionName="orders")

        resolved = resolve(on("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName="orders-in"), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert resolved.targets[0].kind == "event-source"

    def test_a_dead_letter_queue_leads_to_the_queue_that_fills_it(self, account: Account) -> None:
        """An alarm on dead letters is the commonest one on a queue."""
        dead = account.queue("orders-dead")
        queue = account.queue("orders-in", dead_letters=dead)
        account.function("orders")
        account.clients.client("lambda").create_event_source_mapping(EventSourceArn=queue, FunctionName="orders")

        resolved = resolve(on("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName="orders-dead"), account.clients, now=NOW)

        assert names(resolved) == ["orders"]
        assert "orders-dead is the dead-letter queue of orders-in" in resolved.notes

    def test_a_stream_leads_to_its_function(self, account: Account) -> None:
        """A Kinesis metric carries the stream's name."""
        kinesis = account.clients.client("kinesis")
        kinesis.create_stream(StreamName="clicks", ShardCount=1)
        arn = kinesis.describe_stream(StreamName="clicks")["StreamDescription"]["StreamARN"]
        account.function("orders")
        account.clients.client("lambda").create_event_source_mapping(EventSourceArn=arn, FunctionName="orders", StartingPosition="LATEST")

        alarm = on("AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", StreamName="clicks")

        assert names(resolve(alarm, account.clients, now=NOW)) == ["orders"]

    def test_a_metric_filter_leads_through_its_log_group(self, account: Account) -> None:
        """The metric is in a namespace of the customer's own and names nothing."""
        account.function("orders")
        logs = account.clients.client("logs")
        logs.create_log_group(logGroupName="/aws/lambda/orders")
        change = {"metricName": "PaymentRefused", "metricNamespace": "Shop", "metricValue": "1"}
        logs.put_metric_filter(
            logGroupName="/aws/lambda/orders", filterName="refused", filterPattern="REFUSED", metricTransformations=[change]
        )

        assert names(resolve(an_alarm("log-filter"), account.clients, now=NOW)) == ["orders"]

    def test_a_metric_that_no_filter_writes_is_said_so(self, account: Account) -> None:
        """The code itself may write it."""
        notes = resolve(an_alarm("log-filter"), account.clients, now=NOW).notes

        assert "no log metric filter writes Shop/PaymentRefused" in notes
