using System.Net;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Pages.Browse;

namespace S3Overlay.Tests.WebConsole.Browse;

/// <summary>Transfers of the console that are long, or end early.</summary>
[Collection(AloneInProcess.Name)]
public sealed class LongTransferTests : BrowseTestBase
{
    [Fact]
    public async Task Bodies_flow_in_both_directions()
    {
        const long Size = 96L << 20;
        await PutAsync("other", "content");
        var client = await SignedInAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        using var upload = await UploadAsync(client, Upload("photos", "large"), new StreamContent(new PatternStream(Size)));
        Assert.Equal(HttpStatusCode.NoContent, upload.StatusCode);
        var client2 = new HttpClient(new SocketsHttpHandler { CookieContainer = client.Cookies, UseProxy = false });
        using var download = await client2.GetAsync(
            new Uri(Address, Download("photos", "large")), HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(Size, await PatternStream.VerifyAsync(await download.Content.ReadAsStreamAsync()));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, Size / 2);
        client2.Dispose();
    }

    [Fact]
    public async Task An_upload_that_ends_early_writes_nothing()
    {
        await PutAsync("cut", "before");
        var client = await SignedInAsync();
        using var body = new StreamContent(new PatternStream(1 << 20));
        body.Headers.ContentLength = 2 << 20;

        await Assert.ThrowsAsync<HttpRequestException>(() => UploadAsync(client, Upload("photos", "cut") + "&replace=true", body));

        Assert.Equal("before", (await Proxy.SendAsync("GET", "/photos/cut")).Text);
    }

    [Fact]
    public async Task A_transfer_ends_with_its_session()
    {
        const long Size = 64L << 20;
        await PutAsync("large", "x");
        using (var upload = await UploadAsync(await SignedInAsync(), Upload("photos", "large") + "&replace=true",
            new StreamContent(new PatternStream(Size))))
        {
            Assert.Equal(HttpStatusCode.NoContent, upload.StatusCode);
        }

        var client = await SignedInAsync();
        using var http = new HttpClient(new SocketsHttpHandler { CookieContainer = client.Cookies, UseProxy = false });
        using var download = await http.GetAsync(
            new Uri(Address, Download("photos", "large")), HttpCompletionOption.ResponseHeadersRead);
        var body = await download.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[1 << 20]);
        using var uploading = await BegunUpload.BeginAsync(client, Upload("photos", "new"), 2 << 20);

        await SignOutAsync(client);

        await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null));
        await uploading.CutAsync();
        Assert.Equal(404, (await Proxy.SendAsync("GET", "/photos/new")).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Parts_are_removed_when_the_session_ends_or_the_browser_leaves(bool signsOut)
    {
        await PutAsync("other", "content");
        var client = await SignedInAsync();
        using var uploading = await BegunUpload.BeginAsync(client, Upload("photos", "parts"), UploadSizes.LargestPut + 1);
        await Patience.UntilAsync(async () => (await UploadsAsync()).Contains("<Upload>", StringComparison.Ordinal), "No upload begins.");

        if (signsOut)
        {
            await SignOutAsync(client);
            await uploading.CutAsync();
        }
        else
        {
            uploading.Dispose();
        }

        await Patience.UntilAsync(async () => !(await UploadsAsync()).Contains("<Upload>", StringComparison.Ordinal), "The parts stay.");
        Assert.Equal(404, (await Proxy.SendAsync("GET", "/photos/parts")).Status);

        async Task<string> UploadsAsync() => (await Proxy.SendAsync("GET", "/photos?uploads")).Text;
    }

    [Fact]
    public async Task An_object_too_large_for_one_request_is_sent_in_parts()
    {
        const long Size = (12L << 20) + 5;
        await PutAsync("other", "content");
        await new PartUpload(GatewayOf(), "/photos/parts", 5 << 20).SendAsync(
            new PatternStream(Size), Size, [new("Content-Type", "text/x-test")], [new("If-None-Match", "*")], CancellationToken.None);

        await using var read = await GatewayOf().S3Async(new("GET", "/photos/parts"), CancellationToken.None);
        Assert.Equal("text/x-test", read.Headers.ContentType.ToString());
        Assert.EndsWith("-3\"", read.Headers.ETag.ToString(), StringComparison.Ordinal);
        Assert.Equal(Size, await PatternStream.VerifyAsync(read.Body));
    }

    [Theory]
    [InlineData(6L << 20)]
    [InlineData(0L)]
    public async Task Parts_of_an_upload_that_ends_early_are_removed(long sent)
    {
        await PutAsync("other", "content");
        await Assert.ThrowsAnyAsync<Exception>(() => new PartUpload(GatewayOf(), "/photos/parts", 5 << 20).SendAsync(
            new PatternStream(sent), 12 << 20, [], [], CancellationToken.None));

        Assert.Equal(404, (await Proxy.SendAsync("GET", "/photos/parts")).Status);
        Assert.DoesNotContain("<Upload>", (await Proxy.SendAsync("GET", "/photos?uploads")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_object_fits_into_the_parts()
    {
        const long Largest = 5L << 40;
        Assert.Equal(64L << 20, UploadSizes.PartOf(6L << 30));
        Assert.InRange((Largest + UploadSizes.PartOf(Largest) - 1) / UploadSizes.PartOf(Largest), 1, 10_000);
    }

    private static async Task SignOutAsync(ConsoleClient client)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
            { ["__RequestVerificationToken"] = ConsoleClient.TokenOf(await client.PageAsync("/browse")) });
        using var done = await client.SendAsync(HttpMethod.Post, "/sign-out", form);
        Assert.Equal(HttpStatusCode.Found, done.StatusCode);
    }
}
