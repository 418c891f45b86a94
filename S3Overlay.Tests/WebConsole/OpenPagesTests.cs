using System.Net;
using System.Net.WebSockets;
using System.Text.Json;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Security;

namespace S3Overlay.Tests.WebConsole;

/// <summary>How many pages may be open, and how they end.</summary>
public sealed class OpenPagesTests : ConsoleTestBase
{
    [Fact]
    public async Task Signing_in_again_leaves_the_other_pages_of_the_browser_alone()
    {
        var client = await SignedInAsync();
        using var page = await client.OpenPageAsync();
        var before = client.Session!.Value;

        using (var again = await client.GetAsync(Proxy.MintSignInLink().AbsolutePath))
        {
            Assert.Equal(HttpStatusCode.Found, again.StatusCode);
        }

        Assert.Equal(before, client.Session!.Value);
        Assert.Equal(WebSocketState.Open, page.State);
        await client.PageAsync("/");
    }

    [Fact]
    public async Task An_open_page_ends_with_its_session()
    {
        var client = await SignedInAsync();
        using var page = await client.OpenPageAsync();
        var closing = page.ReceiveAsync(new byte[1], CancellationToken.None);
        Assert.False(closing.IsCompleted);

        Time.Advance(Sessions.Lifetime);

        await ((Task)closing.WaitAsync(Patience.Limit)).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Assert.True(closing.IsCompleted);
        Assert.NotEqual(WebSocketState.Open, page.State);
    }

    /// <summary>They would be pages that nothing counts.</summary>
    [Fact]
    public async Task Pages_open_by_a_socket_and_in_no_other_way()
    {
        var client = await SignedInAsync();
        using var negotiation = await client.SendAsync(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1");
        using var answered = JsonDocument.Parse(await negotiation.Content.ReadAsStringAsync());
        var token = answered.RootElement.GetProperty("connectionToken").GetString();
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post])
        {
            using var answer = await client.SendAsync(method, $"/_blazor?id={token}");
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        using var page = await client.OpenPageAsync();
        Assert.Equal(WebSocketState.Open, page.State);
    }

    [Theory]
    [InlineData("/_blazor")]
    [InlineData("/_Blazor/")]
    public async Task One_session_opens_only_so_many_pages(string hub)
    {
        var client = await SignedInAsync();
        List<ClientWebSocket> pages = [];
        for (var page = 0; page < 25; page++)
        {
            pages.Add(await client.OpenPageAsync(hub));
        }

        await Assert.ThrowsAsync<WebSocketException>(() => client.OpenPageAsync(hub));
        using (var negotiation = await client.SendAsync(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, negotiation.StatusCode);
        }

        using (await (await SignedInAsync()).OpenPageAsync())
        {
            // Another session has its own.
        }

        pages.ForEach(static page => page.Dispose());
        await Patience.UntilAsync(async () =>
        {
            try
            {
                using var page = await client.OpenPageAsync(hub);
                return true;
            }
            catch (WebSocketException)
            {
                return false;
            }
        }, "A page that closed still counts.");
    }

    [Fact]
    public async Task All_sessions_together_open_a_hundred_pages()
    {
        List<ClientWebSocket> pages = [];
        for (var session = 0; session < 4; session++)
        {
            var client = await SignedInAsync();
            for (var page = 0; page < 25; page++)
            {
                pages.Add(await client.OpenPageAsync());
            }
        }

        var late = await SignedInAsync();
        await Assert.ThrowsAsync<WebSocketException>(() => late.OpenPageAsync());
        pages.ForEach(static page => page.Dispose());
    }
}
