using System.Text.Json;

using S3Overlay.Proxy.Administration;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Administration;

/// <summary>Every method of the administration, as a proxy itself lists them: a test over these cannot forget a new one.</summary>
internal static class AllMethods
{
    /// <summary>Names that still work.</summary>
    private static readonly (string Verb, string Path)[] Earlier = [("POST", "/-/v1/drop"), ("POST", "/-/v1/discard")];

    /// <summary>Lists them.</summary>
    /// <param name="admin">A client that may administer.</param>
    /// <returns>Each with the names of its parameters, and whether it takes a body.</returns>
    public static async Task<IReadOnlyList<(string Verb, string Path, string[] Parameters, bool HasBody)>> ListAsync(SignedHttp admin)
    {
        var paths = JsonDocument.Parse((await admin.SendAsync("GET", "/-/v1/openapi.json")).Text).RootElement.GetProperty("paths");
        var methods = paths.EnumerateObject().SelectMany(static path => path.Value.EnumerateObject().Select(verb => (
            verb.Name.ToUpperInvariant(), path.Name,
            verb.Value.GetProperty("parameters").EnumerateArray().Select(static each => each.GetProperty("name").GetString()!).ToArray(),
            verb.Value.TryGetProperty("requestBody", out _)))).ToList();
        var types = typeof(Method).Assembly.GetTypes().Where(static type => type.IsSubclassOf(typeof(Method)) && !type.IsAbstract).ToList();
        Assert.Equal(types.Count - 1, methods.Count(static method => method.Name != "/-/v1/openapi.json"));
        return [.. methods.Where(static method => method.Name != "/-/v1/openapi.json"), ("GET", "/-/v1/openapi.json", [], false),
            .. Earlier.Select(static each => (each.Verb, each.Path, new[] { "bucket" }, false))];
    }
}
