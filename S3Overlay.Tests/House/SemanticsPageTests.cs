using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.House;

/// <summary>docs/semantics.md defines rules: each has a test with its trait, and no test names an unknown rule.</summary>
public sealed partial class SemanticsPageTests
{
    [Fact]
    public void Every_rule_is_named_by_a_test_and_every_rule_that_a_test_names_is_there()
    {
        var rules = Rule().Matches(File.ReadAllText(Path.Combine(Repository.Root, "docs", "semantics.md")))
            .Select(static rule => rule.Groups[1].Value).ToHashSet();
        var named = typeof(SemanticsPageTests).Assembly.GetTypes()
            .SelectMany(static type => type.GetCustomAttributesData().Concat(
                type.GetMethods().SelectMany(static method => method.GetCustomAttributesData())))
            .Where(static attribute => attribute.AttributeType == typeof(TraitAttribute)
                && attribute.ConstructorArguments[0].Value is "Rule")
            .Select(static attribute => (string)attribute.ConstructorArguments[1].Value!)
            .ToHashSet();

        Assert.True(rules.Count > 60, $"{rules.Count} rules were found.");
        Assert.Empty(rules.Except(named));
        Assert.Empty(named.Where(static name => name != "F" && !name.StartsWith("F-", StringComparison.Ordinal)).Except(rules));
    }

    [GeneratedRegex(@"^- ([A-Z]\d+) ", RegexOptions.Multiline)]
    private static partial Regex Rule();
}
