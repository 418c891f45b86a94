namespace S3Overlay.Tests.Model;

/// <summary>The Cache-Control headers of clients.</summary>
internal static class Directives
{
    /// <summary>The header of a directive.</summary>
    public static (string Name, string Value)[] Header(ModelDirective directive) => directive switch
    {
        ModelDirective.NoCache => [("Cache-Control", "no-cache")],
        ModelDirective.NoStore => [("Cache-Control", "max-age=0, no-store")],
        ModelDirective.OnlyIfCached => [("Cache-Control", "only-if-cached")],
        _ => [],
    };
}
