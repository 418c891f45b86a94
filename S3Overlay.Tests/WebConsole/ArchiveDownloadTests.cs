using System.Net;
using System.Text;

using S3Overlay.Proxy.Administration.Commands.Archives;
using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;
using S3Overlay.WebConsole.Pages.Changes;

namespace S3Overlay.Tests.WebConsole;

/// <summary>The archive that the console offers before a revert: the same as that of the command, and for administrators alone.</summary>
public sealed class ArchiveDownloadTests : IAsyncLifetime
{
    private static readonly ProxyCaller Admin = new("minioadmin", null, IsSecure: false);

    private ChangedProxy _proxy = null!;

    public async Task InitializeAsync() => _proxy = await ChangedProxy.StartAsync();

    public async Task DisposeAsync() => await _proxy.DisposeAsync();

    [Fact]
    public async Task It_is_streamed_and_an_import_brings_it_back()
    {
        var archive = _proxy.Folder["saved.tar"];
        List<SavedKey> saved = [];
        await using (var file = new FileStream(archive, FileMode.CreateNew))
        {
            // A download cannot seek.
            await using var download = new OneWay(file);
            Assert.Equal(0, await _proxy.Host.ForConsole.SaveChangesAsync(
                Admin, new("photos", null, null, Added: true), download, saved.Add, CancellationToken.None));
        }

        Assert.Equal(["2024/a.jpg", "2025/new.txt", "app.yaml"], saved.Select(static key => key.Key));
        Assert.Equal(34, saved.Sum(static key => key.Size));
        Assert.All(saved, static key => Assert.NotEmpty(key.Stamp));
        Assert.Equal(0, (await _proxy.RunAsync("revert", "photos", "--added", "--yes")).Code);
        Assert.Null(await _proxy.SeenAsync("2025/new.txt"));
        var (code, output) = await _proxy.RunAsync("import", archive, "--yes");
        Assert.True((0, "Imported 3 keys.\n") == (code, output), output);
        Assert.Equal("hello", await _proxy.SeenAsync("2025/new.txt"));
        Assert.Null(await _proxy.SeenAsync("2024/a.jpg"));
    }

    [Theory]
    [InlineData("2024/", null, true, "2024/a.jpg")]
    [InlineData(null, "app.yaml", true, "app.yaml")]
    [InlineData(null, null, false, "2024/a.jpg app.yaml")]
    public async Task It_has_what_the_revert_would_undo(string? prefix, string? key, bool hasAdded, string expected)
    {
        List<SavedKey> saved = [];
        await _proxy.Host.ForConsole.SaveChangesAsync(
            Admin, new("photos", key, prefix, hasAdded), Stream.Null, saved.Add, CancellationToken.None);

        Assert.Equal(expected.Split(' '), saved.Select(static each => each.Key));
    }

    [Fact]
    public async Task Objects_that_only_their_client_can_read_are_left_out_and_counted()
    {
        await using var store = await VersionedStore.StartAsync();
        await using var remote = await ScriptedRemote.StartAsync();
        remote.Put("bucket", "k", "remote"u8.ToArray());
        remote.Put("bucket", "l", "remote"u8.ToArray());
        await using var host = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        Assert.Equal(200, (await host.SendAsync("PUT", "/bucket/k", "mine", CustomerKey.Headers())).Status);
        Assert.Equal(200, (await host.SendAsync("PUT", "/bucket/l", "mine")).Status);

        List<SavedKey> saved = [];
        var unreadable = await host.ForConsole.SaveChangesAsync(
            Admin, new("bucket", null, null, Added: false), Stream.Null, saved.Add, CancellationToken.None);

        Assert.Equal(1, unreadable);
        Assert.Equal("l", Assert.Single(saved).Key);
    }

    [Theory]
    [InlineData("hell")]
    [InlineData("hello, world")]
    public async Task An_object_of_another_length_ends_it(string body)
    {
        var writer = new ArchiveWriter((_, _, _, _, _, _) =>
        {
            // As of a layer that breaks off without an error.
            var content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(body)));
            content.Headers.ContentLength = 5;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
        });
        var change = new SavedChange
            { Bucket = "photos", Key = "a", Deleted = false, Base = new(true, null, null), ETag = "\"e\"", Size = 5 };
        List<SavedChange> saved = [];

        await Assert.ThrowsAsync<IOException>(
            () => writer.WriteAsync(new MemoryStream(), Only(change), saved.Add, CancellationToken.None));

        Assert.Empty(saved);

        static async IAsyncEnumerable<SavedChange> Only(SavedChange change)
        {
            await Task.CompletedTask;
            yield return change;
        }
    }

    [Fact]
    public async Task A_key_without_admin_gets_none()
    {
        var refusal = await Assert.ThrowsAsync<RefusedException>(() => _proxy.Host.ForConsole.SaveChangesAsync(
            new("reader", null, IsSecure: false), new("photos", null, null, Added: true), Stream.Null, static _ => { },
            CancellationToken.None));

        Assert.Equal(403, refusal.Status);
    }

    [Theory]
    [InlineData("none", 401)]
    [InlineData("reader", 403)]
    [InlineData("no form", 400)]
    [InlineData("broken form", 400)]
    [InlineData("made-up token", 400)]
    [InlineData("guessed offer", 404)]
    [InlineData("other origin", 403)]
    public async Task The_endpoint_sends_nothing_but_what_a_page_of_the_session_offered(string how, int expected)
    {
        using var client = new ConsoleClient(_proxy.Address);
        if (how != "none")
        {
            using var signedIn = await (how == "reader" ? client.SignInAsync("reader", "reader-secret") : client.SignInAsync());
            Assert.Equal(HttpStatusCode.Found, signedIn.StatusCode);
        }

        var token = how == "none" ? "" : ConsoleClient.TokenOf(await client.PageAsync("/browse"));
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["__RequestVerificationToken"] = how == "made-up token" ? "made-up" : token,
            ["offer"] = new string('0', 32),
        });
        (string, string)[] headers = how == "other origin" ? [("Origin", "http://evil.test")] : [];
        using var broken = new StringContent("--b");
        broken.Headers.ContentType = new("multipart/form-data") { Parameters = { new("boundary", "b") } };
        using var response = await client.SendAsync(
            HttpMethod.Post, "/changes/archive", how switch { "no form" => null, "broken form" => broken, _ => form },
            [("Accept", "*/*"), .. headers]);

        Assert.Equal(expected, (int)response.StatusCode);
        Assert.Null(response.Content.Headers.ContentDisposition);
    }

    [Fact]
    public async Task A_link_to_it_is_no_archive()
    {
        using var client = new ConsoleClient(_proxy.Address);
        using var signedIn = await client.SignInAsync();
        using var response = await client.GetAsync("/changes/archive");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
    }

    [Fact]
    public void An_offer_is_for_its_session_once_and_has_an_end()
    {
        var offers = new ArchiveOffers();
        var offer = offers.Open("session", new("photos", null, null, Added: false), static () => { });

        Assert.Null(offers.Find(offer.Id, "another"));
        Assert.Same(offer, offers.Find(offer.Id, "session"));
        Assert.True(offer.TryBegin("a.tar"));
        Assert.False(offer.TryBegin("b.tar"));
        offer.Add(new("photos", "a", "stamp", 1));
        offer.Fail("cut");
        Assert.Empty(offer.Keys);
        Assert.True(offer.TryBegin("c.tar"));
        offer.End(0);
        Assert.False(offer.TryBegin("d.tar"));

        offer.Dispose();
        Assert.Null(offers.Find(offer.Id, "session"));
        Assert.True(offer.Stopped.IsCancellationRequested);
    }

    [Fact]
    public void An_offer_does_not_grow_without_bound()
    {
        var offer = new ArchiveOffers().Open("session", new(null, null, null, Added: false), static () => { });
        offer.TryBegin("a.tar");
        var longest = new string('k', 1024);

        var failure = Assert.Throws<ProxyError>(() =>
        {
            for (var at = 0; at <= ArchiveOffer.Most; at++)
            {
                offer.Add(new("bucket", longest, "stamp", 1));
            }
        });

        Assert.Contains("command line", failure.Message, StringComparison.Ordinal);
        Assert.InRange(offer.Count, 1000, 10_000);
    }

    /// <summary>What is written goes on, and nothing comes back.</summary>
    private sealed class OneWay(Stream to) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => throw new InvalidOperationException("A response is written asynchronously.");

        public override Task FlushAsync(CancellationToken cancellationToken) => to.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) =>
            throw new InvalidOperationException("A response is written asynchronously.");

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            to.WriteAsync(buffer, offset, count, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            to.WriteAsync(buffer, cancellationToken);
    }
}
