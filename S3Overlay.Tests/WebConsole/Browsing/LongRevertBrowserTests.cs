using System.Text;
using System.Text.Json.Nodes;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Playwright;

using S3Overlay.Proxy.Hosting.WebConsole;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Hosting;
using S3Overlay.WebConsole.Pages.Changes;

using static Microsoft.Playwright.Assertions;

namespace S3Overlay.Tests.WebConsole.Browsing;

/// <summary>A revert of more keys than the console saves.</summary>
public sealed class LongRevertBrowserTests(Browser browser) : IClassFixture<Browser>
{
    [BrowserFact]
    public async Task More_keys_than_an_archive_has_are_not_reverted_until_somebody_declines_it()
    {
        await using var proxy = await ChangedProxy.StartAsync();
        var counting = new Counting(proxy.Host.ForConsole) { Count = ArchiveOffer.Most };
        var (port, _) = await ConsolePort.StartAsync(
            new(["http://127.0.0.1:0"], IsDefault: false), new ConfigurationBuilder().Build(),
            listening => OtherConsole.OpenAsync(counting, listening), NullLoggerFactory.Instance);
        await using var console = port!;
        await using var window = await browser.OpenAsync(console.Endpoint);
        await window.SignInAsync();
        await window.Page.GotoAsync("/changes?bucket=photos");
        var question = window.Page.GetByRole(AriaRole.Alertdialog);
        var (revert, download) = (question.Locator("button.danger"), question.Locator("button:has-text('Download the archive')"));
        await AskAsync();
        await Expect(question).ToContainTextAsync("50,000 keys will show the remote again.");
        await Expect(download).ToBeVisibleAsync();
        await Expect(revert).ToBeDisabledAsync();

        await question.Locator("button:has-text('Cancel')").ClickAsync();
        counting.Count++;
        await AskAsync();
        await Expect(question).ToContainTextAsync("50,001 keys will show the remote again.");
        await Expect(question).ToContainTextAsync("over 50,000 keys: use s3overlay revert --save; to revert without one, clear this box");
        await Expect(download).ToHaveCountAsync(0);
        await Expect(revert).ToBeDisabledAsync();
        Assert.Null(await proxy.SeenAsync("2024/a.jpg"));

        await question.GetByText("Save what goes into an archive first").ClickAsync();
        await revert.ClickAsync();
        await Expect(question).ToContainTextAsync("Reverted 2 keys. The remote shows again.");
        Assert.Equal("a", await proxy.SeenAsync("2024/a.jpg"));
        window.AssertNoTrouble();

        Task AskAsync() => window.Page.ClickAsync(".toolbar button:has-text('Revert')");
    }

    private sealed class OtherConsole(ConsoleApp app) : IOpenConsole
    {
        public static async Task<IOpenConsole> OpenAsync(IProxy proxy, ConsoleListening listening) => new OtherConsole(
            await ConsoleApp.StartAsync(proxy, listening.Addresses, listening.Names, NullLoggerFactory.Instance));

        public Task HandleAsync(IFeatureCollection features) => app.HandleAsync(features);

        public async Task StopAsync(CancellationToken cut) => await app.DisposeAsync();
    }

    /// <summary>A proxy that says of any revert that it would be of so many keys.</summary>
    private sealed class Counting(IProxy proxy) : IProxy
    {
        public int Count { get; set; }

        public string Version => proxy.Version;

        public Uri Endpoint => proxy.Endpoint;

        public TimeProvider Time => proxy.Time;

        public IReadOnlyList<string> Hosts => proxy.Hosts;

        public bool IsSecretOf(string accessKey, string secret) => proxy.IsSecretOf(accessKey, secret);

        public ProxyKey? Find(string accessKey) => proxy.Find(accessKey);

        public string? TakeLink(string token) => proxy.TakeLink(token);

        public async Task<ProxyResponse> SendAsync(ProxyCaller caller, ProxyRequest request, CancellationToken cancellationToken)
        {
            var response = await proxy.SendAsync(caller, request, cancellationToken);
            if (!request.Query.Contains("dry-run", StringComparison.Ordinal))
            {
                return response;
            }

            await using (response)
            {
                using var reader = new StreamReader(response.Body);
                var line = JsonNode.Parse((await reader.ReadToEndAsync(cancellationToken)).TrimEnd().Split('\n')[^1])!;
                line["reverted"] = Count;
                return new(response.Status, new HeaderDictionary(), new MemoryStream(Encoding.UTF8.GetBytes($"{line.ToJsonString()}\n")),
                    static () => { });
            }
        }

        public Task<long> SaveChangesAsync(
            ProxyCaller caller, ChangeScope scope, Stream archive, Action<SavedKey> saved, CancellationToken cancellationToken) =>
            proxy.SaveChangesAsync(caller, scope, archive, saved, cancellationToken);

        public string Presign(ProxyCaller caller, Uri endpoint, string path, string query, TimeSpan lifetime) =>
            proxy.Presign(caller, endpoint, path, query, lifetime);
    }
}
