using System.Net;
using System.Text.RegularExpressions;

using S3Overlay.WebConsole.Security;

namespace S3Overlay.Tests.WebConsole;

/// <summary>Nothing is shown without a session, and a session is its browser's alone.</summary>
public sealed partial class SessionTests : ConsoleTestBase
{
    [Fact]
    public async Task Without_a_session_every_page_is_the_sign_in_page()
    {
        var client = NewClient();
        foreach (var page in ConsolePages.All)
        {
            using var response = await client.GetAsync(page);
            Assert.Equal((page, HttpStatusCode.Found), (page, response.StatusCode));
            Assert.StartsWith("/sign-in", response.Headers.Location!.ToString(), StringComparison.Ordinal);
            Assert.Equal("", await response.Content.ReadAsStringAsync());
        }
    }

    [Theory]
    [InlineData("POST", "/_blazor/negotiate?negotiateVersion=1")]
    [InlineData("GET", "/_blazor?id=guessed")]
    [InlineData("POST", "/_blazor/disconnect")]
    [InlineData("POST", "/sign-out")]
    [InlineData("GET", "/settings")]
    [InlineData("POST", "/settings")]
    [InlineData("DELETE", "/")]
    public async Task Without_a_session_nothing_else_answers(string method, string target)
    {
        using var response = await NewClient().SendAsync(new(method), target, ("Accept", "*/*"));

        Assert.True(response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.MethodNotAllowed, $"{response.StatusCode}");
    }

    [Fact]
    public async Task The_cookie_is_for_this_port_and_no_script_and_no_other_site()
    {
        var client = NewClient();
        using var response = await client.SignInAsync();

        var cookie = response.Headers.GetValues("Set-Cookie").Single(static each => each.Contains("-session"));
        Assert.StartsWith($"s3overlay-session-{Address.Port}=", cookie, StringComparison.Ordinal);
        Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; path=/", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("expires", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void With_TLS_alone_the_cookie_is_bound_to_the_host()
    {
        var secure = new ConsoleAddresses(["https://console.example:8443"], []);

        Assert.True(secure.IsSecure);
        Assert.Equal("__Host-s3overlay-session", secure.CookieName("session"));
    }

    [Fact]
    public async Task A_session_ends_after_twelve_hours()
    {
        var client = await SignedInAsync();
        Time.Advance(TimeSpan.FromHours(11.9));
        await client.PageAsync("/");

        Time.Advance(TimeSpan.FromHours(0.2));

        using var late = await client.GetAsync("/");
        Assert.Equal("/sign-in", late.Headers.Location!.ToString());
    }

    [Fact]
    public async Task Signing_out_ends_the_session_for_whoever_has_the_cookie()
    {
        var client = await SignedInAsync();
        var copy = NewClient();
        copy.Cookies.Add(Address, new Cookie(client.Session!.Name, client.Session.Value));
        await copy.PageAsync("/");
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
            { ["__RequestVerificationToken"] = ConsoleClient.TokenOf(await client.PageAsync("/")) });

        using var response = await client.SendAsync(HttpMethod.Post, "/sign-out", form);

        Assert.Equal("/sign-in", response.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.Found, (await copy.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task Signing_out_needs_the_form()
    {
        var client = await SignedInAsync();

        using var response = await client.SendAsync(HttpMethod.Post, "/sign-out");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        await client.PageAsync("/");
    }

    [Fact]
    public async Task A_link_on_another_site_leads_somebody_who_is_signed_in_to_its_page()
    {
        (string, string)[] link = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")];

        // The browser follows the link without the cookie, which is for this site alone.
        using var response = await NewClient().SendAsync(HttpMethod.Get, "/settings?a=b&c=\"><script>", link);
        var page = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/html", response.Content.Headers.ContentType!.MediaType);
        var next = Refresh().Match(page).Groups[1].Value;
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);

        // Its page goes on with the cookie.
        var client = await SignedInAsync();
        using (var signedIn = await client.GetAsync(next))
        {
            Assert.StartsWith("/settings?a=b&c=", signedIn.Headers.Location!.ToString(), StringComparison.Ordinal);
        }

        // Without a session it ends there.
        Assert.Contains("name=\"secretKey\"", await NewClient().PageAsync(next), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_ends_its_own_oldest_session_and_no_others()
    {
        var admin = await SignedInAsync();
        var first = await SignedInAsync("reader", "reader-secret");
        var second = await SignedInAsync("reader", "reader-secret");
        for (var more = 2; more < 21; more++)
        {
            await SignedInAsync("reader", "reader-secret");
        }

        await admin.PageAsync("/");
        await second.PageAsync("/browse");
        using var ended = await first.GetAsync("/browse");
        Assert.Equal(HttpStatusCode.Found, ended.StatusCode);
    }

    [Fact]
    public async Task A_guessed_cookie_is_none()
    {
        var client = NewClient();
        client.Cookies.Add(Address, new Cookie($"s3overlay-session-{Address.Port}", new string('0', 64)));

        using var response = await client.GetAsync("/");

        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
    }

    [GeneratedRegex("http-equiv=\"refresh\" content=\"0;url=([^\"]+)\"")]
    private static partial Regex Refresh();
}
