using System.Reflection;
using System.Text.RegularExpressions;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.House;

/// <summary>docs/races.md names tests: each exists, and each row has at least one.</summary>
public sealed partial class RacesPageTests
{
    private static readonly ILookup<string, Type> Classes = typeof(RacesPageTests).Assembly.GetTypes()
        .ToLookup(static type => type.Name.Split('`')[0]);

    [Fact]
    public void Every_row_names_tests_and_every_test_it_names_runs()
    {
        var rows = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "races.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| what ", StringComparison.Ordinal))
            .Select(line => line.Split(" | "))
            .ToList();

        Assert.True(rows.Count > 40, $"{rows.Count} rows were found.");
        Assert.All(rows, row => Assert.Equal(3, row.Length));
        Assert.All(rows, row => Assert.NotEmpty(Test().Matches(row[2])));
        Assert.Empty(rows.SelectMany(row => Test().Matches(row[2])).Where(name => !Runs(name.Groups[1].Value, name.Groups[2].Value))
            .Select(name => name.Value));
    }

    /// <summary>
    /// Whether a class of that name, or one that makes it complete, has such a test. Several classes may share a name in different folders.
    /// </summary>
    private static bool Runs(string name, string method) => Classes[name].Any(type =>
        type.GetMethod(method)?.IsDefined(typeof(FactAttribute)) == true
            && (!type.IsAbstract || typeof(RacesPageTests).Assembly.GetTypes().Any(other => IsMadeFrom(other, type))));

    private static bool IsMadeFrom(Type other, Type type)
    {
        for (var below = other.IsAbstract ? null : other.BaseType; below is not null; below = below.BaseType)
        {
            if (below == type || (below.IsGenericType && below.GetGenericTypeDefinition() == type))
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex(@"`(\w+)\.(\w+)`")]
    private static partial Regex Test();
}
