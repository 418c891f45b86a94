namespace S3Overlay.Tests.Model;

internal static class Directives
{
    public static (string Name, string Value)[] Header(ModelDirective directive) => directive switch
    {
        ModelDirective.NoCache => [("Cache-Control", "no-cache")],
        ModelDirective.NoStore => [("Cache-Control", "max-age=0, no-store")],
        ModelDirective.OnlyIfCached => [("Cache-Control", "only-if-cached")],
        _ => [],
    };
}
