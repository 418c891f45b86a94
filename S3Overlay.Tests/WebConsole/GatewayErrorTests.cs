using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Gateway.Documents;
using S3Overlay.WebConsole.Pages;

namespace S3Overlay.Tests.WebConsole;

/// <summary>Whatever happens to an answer is an error that a page can show.</summary>
public sealed class GatewayErrorTests
{
    private readonly FakeProxy _proxy = new(new ManualTimeProvider());

    public static TheoryData<string, string> Broken => new()
    {
        { "not a document", "BadDocument" },
        { "[1]", "BadDocument" },
        { "{\"settings\":1}", "BadDocument" },
        { "", "BadDocument" },
        { Cut.Begin, "ResponseCut" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_document_that_is_none_or_breaks_off(string body, string code)
    {
        _proxy.Answer = _ => (200, BodyOf(body));

        var error = await Assert.ThrowsAsync<ProxyError>(
            () => _proxy.Gateway.GetAsync<SettingsDocument>("settings", null, CancellationToken.None));

        Assert.Equal(code, error.Code);
    }

    [Theory]
    [InlineData("not a document")]
    [InlineData("[1]")]
    [InlineData("1")]
    [InlineData(Cut.Begin)]
    [InlineData("")]
    public async Task A_list_too(string body)
    {
        _proxy.Answer = _ => (200, BodyOf(body));

        await Assert.ThrowsAsync<ProxyError>(async () =>
        {
            await foreach (var item in _proxy.Gateway.ListAsync<SettingDocument>("changes", null, CancellationToken.None))
            {
                Assert.Fail($"{item}");
            }
        });
    }

    [Fact]
    public async Task An_error_that_breaks_off_is_one_too()
    {
        _proxy.Answer = _ => (500, new Cut());

        await Assert.ThrowsAsync<ProxyError>(() => _proxy.Gateway.S3Async(new("GET", "/"), CancellationToken.None));
    }

    [Fact]
    public async Task Signing_a_link_without_a_session_ends_it()
    {
        _proxy.HasKey = false;

        var error = await Assert.ThrowsAsync<ProxyError>(
            () => _proxy.Gateway.PresignAsync(_proxy.Endpoint, "/bucket/key", "", TimeSpan.FromMinutes(1)));

        Assert.Equal((401, true), (error.Status, _proxy.HasEnded));
    }

    [Fact]
    public async Task A_page_shows_a_body_of_its_own_that_breaks_off()
    {
        using var page = new Page();

        Assert.False(await page.DoAsync(static _ => throw new IOException("cut")));

        Assert.Equal("ResponseCut", page.Problem?.Code);
    }

    [Fact]
    public void A_page_that_closed_can_be_asked_whether_it_did()
    {
        var page = new Page();
        page.Dispose();

        Assert.True(page.HasLeft);
    }

    private static Stream BodyOf(string body) => body == Cut.Begin ? new Cut() : FakeProxy.TextOf(body);

    private sealed class Page : ConsolePage
    {
        public bool HasLeft => Leaving.IsCancellationRequested;

        public Task<bool> DoAsync(Func<CancellationToken, Task> act) => TryAsync(act);
    }

    /// <summary>A body that breaks off after its first bytes.</summary>
    private sealed class Cut : MemoryStream
    {
        public const string Begin = "{\"settings\":[";

        private bool _hasBegun;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_hasBegun)
            {
                throw new IOException("cut");
            }

            _hasBegun = true;
            System.Text.Encoding.ASCII.GetBytes(Begin).CopyTo(buffer);
            return new(Begin.Length);
        }
    }
}
