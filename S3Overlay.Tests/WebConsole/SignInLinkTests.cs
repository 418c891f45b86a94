using System.Net;
using System.Text.Json;

using S3Overlay.Proxy.Hosting.Commands;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.WebConsole;

/// <summary>The command <c>console</c>, and the method of the same name: a link that signs in.</summary>
public sealed class SignInLinkTests : ConsoleTestBase
{
    [Fact]
    public async Task The_command_prints_a_link_that_works_once()
    {
        var (code, output, errors) = await RunAsync(Proxy);
        Assert.Equal((0, ""), (code, errors));
        var link = new Uri(output);
        Assert.Equal(Address.Authority, link.Authority);
        foreach (var expected in (HttpStatusCode[])[HttpStatusCode.Found, HttpStatusCode.Forbidden])
        {
            using var answer = await NewClient().GetAsync(link.AbsolutePath);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Fact]
    public async Task For_programs_it_is_the_document()
    {
        var (code, output, _) = await RunAsync(Proxy, "--json");
        Assert.Equal(0, code);
        var document = JsonDocument.Parse(output).RootElement;
        Assert.StartsWith($"{Address}sign-in/", document.GetProperty("url").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            (Time.GetUtcNow() + TimeSpan.FromMinutes(10)).ToUnixTimeSeconds(),
            document.GetProperty("ends").GetDateTimeOffset().ToUnixTimeSeconds());
    }

    [Fact]
    public async Task A_proxy_without_a_console_says_how_to_have_one()
    {
        await using var plain = await OverlayHost.StartEmbeddedAsync(null);
        var (code, _, errors) = await RunAsync(plain);
        Assert.Equal(1, code);
        Assert.Contains("Set S3_OVERLAY_CONSOLE_URLS", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_may_not_administer_gets_none()
    {
        var reader = new SignedHttp(new Uri($"{Proxy.Endpoint}"), "reader", "reader-secret");
        Assert.Equal(403, (await reader.SendAsync("POST", "/-/v1/console")).Status);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(OverlayHost proxy, params string[] arguments)
    {
        var (output, errors) = (new StringWriter { NewLine = "\n" }, new StringWriter { NewLine = "\n" });
        var code = await CommandLine.RunAsync(["console", .. arguments, "--endpoint", $"{proxy.Endpoint}"], output, errors);
        return (code, output.ToString().TrimEnd(), errors.ToString());
    }
}
