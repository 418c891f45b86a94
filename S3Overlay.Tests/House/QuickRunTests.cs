using System.Reflection;
using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.House;

/// <summary>The quick run is a fair part of all tests: it leaves out few, and keeps one for each rule.</summary>
public sealed partial class QuickRunTests
{
    /// <summary>Each test of each class that runs it: those that the quick run has, and all.</summary>
    private static readonly List<(Type Class, MethodInfo Method, bool IsQuick)> Tests =
    [
        .. from type in typeof(QuickRunTests).Assembly.GetTypes()
           where type is { IsClass: true, IsAbstract: false }
           from method in type.GetMethods()
           let fact = method.GetCustomAttribute<FactAttribute>()
           where fact is not null
           select (type, method, IsQuick(type, method, fact)),
    ];

    [Fact]
    public void Every_rule_has_a_test_in_the_quick_run()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "semantics.md"));
        var rules = Rule().Matches(page).Select(static rule => rule.Groups[1].Value).ToHashSet();
        var tested = Tests.Where(static test => test.IsQuick).SelectMany(static test => Rules(test.Class).Concat(Rules(test.Method)))
            .ToHashSet();
        var all = Tests.SelectMany(static test => Rules(test.Class).Concat(Rules(test.Method)));

        Assert.True(rules.Count > 60, $"{rules.Count} rules were found.");
        Assert.Empty(rules.Concat(all).Except(tested));
    }

    [Fact]
    public void The_quick_run_has_at_least_80_percent_of_the_test_methods()
    {
        var (all, quick) = (Tests.Select(Name).ToHashSet(), Tests.Where(static test => test.IsQuick).Select(Name).ToHashSet());

        Assert.True(quick.Count >= 0.8 * all.Count, $"{quick.Count} of {all.Count}; the others: {string.Join(", ", all.Except(quick))}");

        static string Name((Type, MethodInfo Method, bool) test) => $"{test.Method.DeclaringType!.Name}.{test.Method.Name}";
    }

    [Fact]
    public void A_sample_of_rows_has_every_value_of_every_parameter()
    {
        object?[][] rows =
        [
            .. from layer in (string[])["embedded", "store"]
               from step in Enumerable.Range(0, 5)
               from isLate in (bool?[])[false, true, null]
               select new object?[] { layer, step, isLate },
        ];

        var sample = RowSample.Pick(rows, int.MaxValue);

        Assert.InRange(sample.Count, 5, 6);
        for (var at = 0; at < 3; at++)
        {
            Assert.Equal(rows.Select(row => row[at]).ToHashSet(), sample.Select(row => row[at]).ToHashSet());
        }

        Assert.Equal(sample, RowSample.Pick(rows, int.MaxValue));
        Assert.Equal(sample.Take(3), RowSample.Pick(rows, 3));
    }

    [Theory]
    [InlineData(10, 4, new[] { 0, 3, 6, 9 })]
    [InlineData(3, 4, new[] { 0, 1, 2 })]
    [InlineData(100_000, 2, new[] { 0, 99_999 })]
    public void A_sample_of_a_sweep_has_both_ends(int count, int most, int[] expected) =>
        Assert.Equal(expected, Sweep.Sample<int>([.. Enumerable.Range(0, count)], most));

    /// <summary>Whether the test needs nothing of the machine and is not marked as slow.</summary>
    private static bool IsQuick(Type type, MethodInfo method, FactAttribute fact) =>
        (fact.GetType() == typeof(FactAttribute) || fact.GetType() == typeof(TheoryAttribute)) && fact.Skip is null
        && !type.IsDefined(typeof(NeedsAttribute), inherit: true) && !method.IsDefined(typeof(NeedsAttribute), inherit: true)
        && !type.GetCustomAttributes<LeftOutAttribute>().Any(left => left.Test == method.Name);

    private static IEnumerable<string> Rules(MemberInfo? member)
    {
        for (; member is not null; member = (member as Type)?.BaseType)
        {
            foreach (var trait in member.GetCustomAttributesData().Where(static data => data.AttributeType == typeof(TraitAttribute)))
            {
                if (trait.ConstructorArguments is [{ Value: "Rule" }, { Value: string rule }])
                {
                    yield return rule;
                }
            }
        }
    }

    [GeneratedRegex(@"^- ([A-Z]\d+) ", RegexOptions.Multiline)]
    private static partial Regex Rule();
}
