using System.Net;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Security;

namespace S3Overlay.Tests.WebConsole;

/// <summary>Who may sign in, how often one may try, and what a link is good for.</summary>
public sealed class SignInTests : ConsoleTestBase
{
    [Theory]
    [InlineData("minioadmin", "wrong")]
    [InlineData("minioadmin", "minioadmi")]
    [InlineData("minioadmin", "")]
    [InlineData("unknown", "minioadmin")]
    [InlineData("", "")]
    public async Task A_wrong_key_does_not_say_what_is_wrong_of_it(string accessKey, string secretKey)
    {
        var client = NewClient();

        using var response = await client.SignInAsync(accessKey, secretKey);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("The access key or the secret key is wrong.", await response.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
        Assert.Null(client.Session);
    }

    [Fact]
    public async Task Attempts_are_limited_and_come_back_with_time()
    {
        for (var attempt = 0; attempt < 10; attempt++)
        {
            using var wrong = await NewClient().SignInAsync(secretKey: "wrong");
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }

        using (var refused = await NewClient().SignInAsync())
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        }

        // A link cannot be guessed.
        using (var link = await NewClient().GetAsync(Proxy.MintSignInLink().AbsolutePath))
        {
            Assert.Equal(HttpStatusCode.Found, link.StatusCode);
        }

        Time.Advance(TimeSpan.FromSeconds(6));
        await SignedInAsync();

        // A success does not count.
        await SignedInAsync();
    }

    [Fact]
    public void Others_cannot_lock_this_machine_out()
    {
        var limits = new SignInLimits(Proxy.ForConsole);
        for (var attempt = 0; attempt < 100; attempt++)
        {
            Assert.True(limits.TryBegin(IPAddress.Parse($"192.0.2.{attempt}")));
        }

        Assert.False(limits.TryBegin(IPAddress.Parse("192.0.2.200")));
        Assert.True(limits.TryBegin(IPAddress.Loopback));
        Assert.True(limits.TryBegin(IPAddress.IPv6Loopback));
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/sign-out")]
    public async Task A_body_that_no_form_has_is_refused_before_it_is_read(string target)
    {
        var client = target == "/sign-out" ? await SignedInAsync() : NewClient();
        await client.PageAsync(target == "/sign-out" ? "/" : "/sign-in");
        using var body = new StringContent("secretKey=" + new string('x', 1 << 20));
        body.Headers.ContentType = new("application/x-www-form-urlencoded");

        // The client sends the body only when it is asked for.
        using var response = await client.SendAsync(HttpMethod.Post, target, body, ("Expect", "100-continue"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task The_form_must_be_the_consoles_own()
    {
        var client = NewClient();
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
            { ["accessKey"] = "minioadmin", ["secretKey"] = "minioadmin", ["__RequestVerificationToken"] = "made-up" });

        using var response = await client.SendAsync(HttpMethod.Post, "/sign-in", form);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Null(client.Session);
    }

    [Theory]
    [InlineData("/settings?a=b", "/settings?a=b")]
    [InlineData("//evil.test/", "/")]
    [InlineData("/\\evil.test/", "/")]
    [InlineData("https://evil.test/", "/")]
    [InlineData("javascript:alert(1)", "/")]
    [InlineData("/caf\u00e9", "/")]
    [InlineData("/a b", "/")]
    public async Task Then_it_leads_to_a_page_of_the_console(string to, string expected)
    {
        using var response = await NewClient().SignInAsync(to: to);

        Assert.Equal(expected, response.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_link_signs_in_once()
    {
        var link = Proxy.MintSignInLink();
        Assert.Equal(Address.Authority, link.Authority);
        var client = NewClient();
        using (var response = await client.GetAsync(link.AbsolutePath))
        {
            Assert.Equal("/", response.Headers.Location!.ToString());
        }

        await client.PageAsync("/settings");

        var thief = NewClient();
        using var used = await thief.GetAsync(link.AbsolutePath);
        Assert.Equal(HttpStatusCode.Forbidden, used.StatusCode);
        Assert.Contains("was used already", await used.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(thief.Session);
    }

    [Fact]
    public async Task A_link_ends_after_ten_minutes_and_looking_does_not_use_it_up()
    {
        var (old, young) = (Proxy.MintSignInLink(), Proxy.MintSignInLink());
        using (var look = await NewClient().SendAsync(HttpMethod.Head, young.AbsolutePath))
        {
            Assert.Null(look.Headers.Location);
        }

        Time.Advance(TimeSpan.FromMinutes(9.9));
        using (var intime = await NewClient().GetAsync(young.AbsolutePath))
        {
            Assert.Equal(HttpStatusCode.Found, intime.StatusCode);
        }

        Time.Advance(TimeSpan.FromMinutes(0.2));
        using var late = await NewClient().GetAsync(old.AbsolutePath);
        Assert.Equal(HttpStatusCode.Forbidden, late.StatusCode);
    }

    [Fact, NeedsNetwork]
    public async Task Over_plain_HTTP_secrets_are_taken_on_this_machine_alone()
    {
        await using var open = await OverlayHost.StartEmbeddedAsync(null, ("S3_OVERLAY_CONSOLE_URLS", "http://*:0"));
        using var client = new ConsoleClient(new Uri($"http://{NeedsNetworkAttribute.Address}:{open.WebConsole!.Port}/"));

        using var response = await client.SignInAsync();

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Null(client.Session);
    }
}
