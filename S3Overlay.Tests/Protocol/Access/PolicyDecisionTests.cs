using S3Overlay.Proxy.Protocol.Access;

namespace S3Overlay.Tests.Protocol.Access;

/// <summary>What policies decide.</summary>
[Trait("Rule", "A2")]
public sealed class PolicyDecisionTests
{
    /// <summary>The accounts of the table's callers. The 12 digits name the account of keys without an id.</summary>
    private static readonly Dictionary<string, AccessCaller> Callers = new()
    {
        ["main"] = new(Account.Default, "MAIN") { AccountNumber = "123456789012" },
        ["alt"] = new(new Account("alt-id", "Alt"), "ALT"),
        ["anon"] = AccessCaller.Anonymous,
    };

    public static TheoryData<string, string> Table()
    {
        var data = new TheoryData<string, string>();
        foreach (var (statement, request) in PolicyTable.Pairs)
        {
            data.Add(statement, request);
        }

        return data;
    }

    [Fact]
    public void The_table_has_at_least_two_hundred_pairs() =>
        Assert.True(PolicyTable.Pairs.Distinct().Count() >= 200, $"It has {PolicyTable.Pairs.Distinct().Count()}.");

    [Theory]
    [MemberData(nameof(Table))]
    public void A_statement_decides_as_the_table_says(string statement, string row)
    {
        var policy = PolicyReader.Read($$"""{"Version":"2012-10-17","Statement":[{{statement}}]}""", "b");
        var request = Request(row, out var expected);
        Assert.Equal(expected, policy.Denies(request) ? "-" : policy.Allows(request) ? "+" : ".");
    }

    private static PolicyRequest Request(string row, out string expected)
    {
        var words = row.Split(' ');
        expected = words[^1];
        var values = words[3..^1].Select(static word => word.Split('=', 2))
            .ToDictionary(static pair => pair[0], static pair => pair[1].Split('|'), StringComparer.OrdinalIgnoreCase);
        var caller = Callers[words[0]];
        return new(caller, words[1], words[2], key =>
            values.TryGetValue(key == "s3:RequestObjectTagKeys" ? "tags" : key, out var known) ? known
            : key == "aws:username" && caller.Account is not null ? [caller.AccessKey] : null);
    }
}
