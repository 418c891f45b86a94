using System.Net;
using System.Text.RegularExpressions;

using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.WebConsole.Hosting;

namespace S3Overlay.Tests.WebConsole;

/// <summary>Rule A9, for every route that the console has, found in its routing: a new one cannot be forgotten.</summary>
[Trait("Rule", "A9")]
public sealed partial class RouteTests : ConsoleTestBase
{
    /// <summary>What anybody may ask for.</summary>
    private static readonly string[] Open = ["GET /sign-in", "POST /sign-in", "GET /sign-in/x", "POST /sign-in/x"];

    [Fact]
    public async Task Without_a_session_there_is_only_the_way_in()
    {
        foreach (var (method, path) in (await RoutesAsync()).Where(static route => !Open.Contains($"{route.Method} {route.Path}")))
        {
            using var answer = await NewClient().SendAsync(new HttpMethod(method), path);
            var isLed = answer.StatusCode == HttpStatusCode.Found
                && answer.Headers.Location!.ToString().StartsWith("/sign-in", StringComparison.Ordinal);
            Assert.True(isLed || answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.NotFound,
                $"{method} {path}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task A_session_does_not_help_pages_of_other_origins_and_other_hosts()
    {
        var client = await SignedInAsync();
        foreach (var (method, path) in await RoutesAsync())
        {
            foreach (var (name, value, status) in ((string, string, HttpStatusCode)[])
                [
                    ("Origin", "https://evil.example", HttpStatusCode.Forbidden),
                    ("Origin", $"{Proxy.Endpoint}".TrimEnd('/'), HttpStatusCode.Forbidden),
                    ("Origin", "null", HttpStatusCode.Forbidden), ("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden),
                    ("Host", "evil.example", HttpStatusCode.MisdirectedRequest),
                    ("Host", Proxy.Endpoint.Authority, HttpStatusCode.MisdirectedRequest),
                ])
            {
                using var answer = await client.SendAsync(new HttpMethod(method), path, (name, value));
                Assert.True(answer.StatusCode == status, $"{method} {path} with {name} {value}: {answer.StatusCode}");
            }
        }
    }

    [Fact]
    public async Task A_key_without_admin_gets_no_further_than_its_pages()
    {
        var client = await SignedInAsync("reader", "reader-secret");
        string[] its = ["/browse", "/object", "/sign-in", "/sign-out", "/_blazor", "/_framework"];
        foreach (var (method, path) in (await RoutesAsync())
            .Where(route => !its.Any(own => route.Path.StartsWith(own, StringComparison.OrdinalIgnoreCase)) && route.Path != "/"))
        {
            using var answer = await client.SendAsync(new HttpMethod(method), path);
            Assert.True(answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.NotFound, $"{method} {path}: {answer.StatusCode}");
        }
    }

    /// <summary>The routes, with something in the place of parameters.</summary>
    private static async Task<List<(string Method, string Path)>> RoutesAsync()
    {
        await using var console = await ConsoleApp.StartAsync(
            new FakeProxy(TimeProvider.System), ["http://127.0.0.1:8001"], [], NullLoggerFactory.Instance);
        var routes = console.Routes.SelectMany(static route =>
            (route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(
                method => (method, "/" + Parameter().Replace(route.RoutePattern.RawText!.TrimStart('/'), "x")))).Distinct().ToList();
        Assert.InRange(routes.Count, 15, 200);
        return routes;
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
