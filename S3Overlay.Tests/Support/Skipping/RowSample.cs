using Xunit.Abstractions;
using Xunit.Sdk;

namespace S3Overlay.Tests.Support.Skipping;

/// <summary>
/// Holds back the rows of a theory until all are found, and passes on a sample that has every value of every parameter at least once. The
/// sample depends on nothing but the rows, so two runs have the same.
/// </summary>
/// <param name="next">Gets the sample.</param>
/// <param name="most">How many rows a sample has at most.</param>
internal sealed class RowSample(IMessageBus next, int most) : IMessageBus
{
    private readonly List<IMessageSinkMessage> _found = [];

    /// <summary>Picks rows until every value of every parameter is covered: the next row is the first of those that add most.</summary>
    public static List<object?[]> Pick(IReadOnlyCollection<object?[]> rows, int most)
    {
        var open = rows.SelectMany(Values).ToHashSet();
        var left = rows.ToList();
        var picked = new List<object?[]>();
        while (open.Count > 0 && picked.Count < most)
        {
            var best = left.MaxBy(row => Values(row).Count(open.Contains))!;
            open.ExceptWith(Values(best));
            left.Remove(best);
            picked.Add(best);
        }

        return picked;
    }

    public bool QueueMessage(IMessageSinkMessage message)
    {
        _found.Add(message);
        return true;
    }

    /// <summary>Passes the sample on, in the order of the rows.</summary>
    public bool PassOn()
    {
        var rows = _found.OfType<ITestCaseDiscoveryMessage>().Select(static found => found.TestCase.TestMethodArguments ?? []).ToList();
        var picked = Pick(rows, most).ToHashSet();
        return _found.All(
            found => (found is ITestCaseDiscoveryMessage { TestCase.TestMethodArguments: { Length: > 0 } row } && !picked.Contains(row))
            || next.QueueMessage(found));
    }

    public void Dispose()
    {
    }

    private static IEnumerable<(int Parameter, string Value)> Values(object?[] row) =>
        row.Select(static (value, at) => (at, ArgumentFormatter.Format(value)));
}
