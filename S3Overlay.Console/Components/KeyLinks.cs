using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Components;

/// <summary>Keys as links and commands carry them. A key may be any text, so links have it in the query.</summary>
internal static class KeyLinks
{
    /// <summary>The page of an object.</summary>
    public static string ObjectLink(string bucket, string key) => $"/object?{new ProxyQuery().With("bucket", bucket).With("key", key)}";

    /// <summary>The page of the changes of a bucket and prefix; of all buckets if both are null.</summary>
    public static string ChangesLink(string? bucket, string? prefix) =>
        $"/changes?{new ProxyQuery().With("bucket", bucket).With("prefix", prefix is { Length: > 0 } ? prefix : null)}".TrimEnd('?');

    /// <summary>The page of the objects of a bucket and prefix.</summary>
    public static string BrowseLink(string bucket, string prefix) =>
        $"/browse?{new ProxyQuery().With("bucket", bucket).With("prefix", prefix.Length > 0 ? prefix : null)}";

    /// <summary>
    /// What a command is about, quoted for a shell: <c>bucket/prefix</c>. Null if a line of a terminal cannot carry it, or would show
    /// something else than it does.
    /// </summary>
    public static string? Argument(string target) =>
        VisibleText.Parts(target).Any(static part => part.IsEscape) ? null : ShellWords.Quote(target);
}
