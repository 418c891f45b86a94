using S3Overlay.WebConsole.Components;
using S3Overlay.WebConsole.Gateway.Documents;

namespace S3Overlay.WebConsole.Pages.Changes;

/// <summary>What differs between two sides apart from the bytes, side by side.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Theirs">The remote's; null for none.</param>
/// <param name="Ours">The one here; null for none.</param>
internal sealed record DiffSides(string Name, string? Theirs, string? Ours)
{
    /// <summary>Whether they differ.</summary>
    public bool Differs => Theirs != Ours;

    /// <summary>The rows of a changed key.</summary>
    public static IEnumerable<DiffSides> Of(DiffDocument diff)
    {
        yield return new("Size", Size(diff.Remote), Size(diff.Written));
        yield return new("ETag", diff.Remote?.Version.ETag, diff.Written?.Version.ETag);
        foreach (var name in Names(diff, static side => side.Headers.Keys, StringComparer.OrdinalIgnoreCase))
        {
            yield return new(name, Header(diff.Remote, name), Header(diff.Written, name));
        }

        foreach (var name in Names(diff, static side => side.Tags.Keys, StringComparer.Ordinal))
        {
            yield return new($"tag {name}", diff.Remote?.Tags.GetValueOrDefault(name), diff.Written?.Tags.GetValueOrDefault(name));
        }
    }

    private static IEnumerable<string> Names(
        DiffDocument diff, Func<SideDocument, IEnumerable<string>> of, StringComparer comparer) =>
        new[] { diff.Remote, diff.Written }.OfType<SideDocument>().SelectMany(of).Distinct(comparer).Order(comparer);

    private static string? Size(SideDocument? side) => side is null ? null
        : $"{Show.Count(side.Version.Size)} {(side.Version.Size == 1 ? "byte" : "bytes")}";

    private static string? Header(SideDocument? side, string name) =>
        side?.Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}
