using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Tests.House;

/// <summary>Which folders may depend on which, read from the compiled types. docs/architecture.md explains the order.</summary>
public sealed class DependencyTests
{
    private const string Root = "S3Overlay.Proxy";

    /// <summary>Cycles that are still there, one arrow of each: without these arrows there is none. Remove rows; add none.</summary>
    private static readonly HashSet<string> KnownCycles =
    [
    ];

    private static readonly Lazy<Dependency[]> All = new(() =>
    [
        .. from type in new ArchLoader().LoadAssembly(typeof(S3Request).Assembly).Build().Types
           let folders = FoldersOf(type)
           where folders is not null
           from dependency in type.Dependencies
           let target = FoldersOf(dependency.Target)
           where target is not null
           select new Dependency(folders, target, $"{type.Name} uses {dependency.Target.Name}"),
    ]);

    [Theory]
    [InlineData("Concurrency", "")]
    [InlineData("Protocol", "")]
    [InlineData("Configuration", "Protocol")]
    [InlineData("Telemetry", "Configuration Protocol")]
    [InlineData("Overlay", "Concurrency Configuration Protocol Telemetry")]
    [InlineData("FrontDoor", "Configuration Protocol Telemetry")]
    [InlineData("Terminal", "")]
    [InlineData("Administration", "Configuration Overlay Protocol Telemetry Terminal")]
    [InlineData("Embedded", "Concurrency Overlay Protocol Telemetry")]
    [InlineData("Forwarding", "Concurrency Configuration Overlay Protocol Telemetry")]
    [InlineData("Hosting", "Administration Concurrency Configuration Embedded Forwarding FrontDoor Overlay Protocol Telemetry Terminal")]
    public void A_folder_depends_only_on_what_is_beneath_it(string folder, string beneath)
    {
        var allowed = beneath.Split(' ').Append(folder).ToHashSet();
        var own = All.Value.Where(dependency => dependency.From is [var top, ..] && top == folder).ToList();

        Assert.NotEmpty(own);
        Assert.Empty(
            own.Where(dependency => dependency.To is [var top, ..] && !allowed.Contains(top)).Select(static dependency => dependency.Why));
    }

    [Fact]
    public void Every_top_folder_has_a_row()
    {
        var rows = typeof(DependencyTests).GetMethod(nameof(A_folder_depends_only_on_what_is_beneath_it))!
            .GetCustomAttributes(typeof(InlineDataAttribute), false)
            .Select(static row => (string)((InlineDataAttribute)row).GetData(null!).Single()[0]);
        var folders = All.Value.Where(static dependency => dependency.From.Length > 0).Select(static dependency => dependency.From[0]);

        Assert.Equal(folders.Distinct().Order(), rows.Order());
    }

    /// <summary>Compares folders with the same parent. Each includes everything below it.</summary>
    [Fact]
    public void No_folders_depend_on_each_other()
    {
        var arrows = new Dictionary<string, string>();
        foreach (var dependency in All.Value)
        {
            var depth = dependency.From.Zip(dependency.To).TakeWhile(static pair => pair.First == pair.Second).Count();
            if (depth < dependency.From.Length && depth < dependency.To.Length)
            {
                var parent = string.Concat(dependency.From.Take(depth).Select(static folder => folder + "/"));
                arrows[$"{parent}{dependency.From[depth]} -> {parent}{dependency.To[depth]}"] = dependency.Why;
            }
        }

        var next = arrows.Keys.Except(KnownCycles)
            .Select(static arrow => arrow.Split(" -> "))
            .ToLookup(static arrow => arrow[0], static arrow => arrow[1]);
        var cycles = next.SelectMany(static from => from.Select(to => (From: from.Key, To: to)))
            .Where(arrow => Reaches(next, arrow.To, arrow.From))
            .Select(arrow => $"{arrow.From} -> {arrow.To}: {arrows[$"{arrow.From} -> {arrow.To}"]}");

        Assert.True(arrows.Count > 30, $"{arrows.Count} arrows were found.");
        Assert.Empty(cycles);
    }

    private static bool Reaches(ILookup<string, string> next, string from, string to)
    {
        var (seen, open) = (new HashSet<string> { from }, new Stack<string>([from]));
        while (open.TryPop(out var folder))
        {
            if (folder == to)
            {
                return true;
            }

            foreach (var further in next[folder].Where(seen.Add))
            {
                open.Push(further);
            }
        }

        return false;
    }

    /// <summary>The folders that a type of the product lies in; null for any other type.</summary>
    private static string[]? FoldersOf(IType type) =>
        type.Namespace?.FullName is { } name && (name + ".").StartsWith(Root + ".", StringComparison.Ordinal) ? name.Split('.')[2..] : null;

    private sealed record Dependency(string[] From, string[] To, string Why);
}
