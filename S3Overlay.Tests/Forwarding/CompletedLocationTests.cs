using System.Security;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// The location of a completed upload: an address of the proxy, with the key spelled as the store spells it, and otherwise as S3 does.
/// </summary>
public sealed class CompletedLocationTests
{
    private const string Key = "a/b c&ü";

    [Theory, Trait("Rule", "T1")]
    [InlineData("http://store:9000/bucket/a%2Fb%20c%26%C3%BC", "a%2Fb%20c%26%C3%BC")]
    [InlineData("http://store:9000/bucket/a/b%20c&%C3%BC", "a/b%20c&%C3%BC")]
    [InlineData("https://bucket.store/a/b c&ü", "a/b c&ü")]
    [InlineData("/bucket/a%2fb%20c%26%c3%bc", "a%2fb%20c%26%c3%bc")]
    [InlineData("http://store:9000/bucket/b c&ü", "a%2Fb%20c%26%C3%BC")]
    [InlineData("http://store:9000", "a%2Fb%20c%26%C3%BC")]
    [InlineData("nowhere", "a%2Fb%20c%26%C3%BC")]
    [InlineData("", "a%2Fb%20c%26%C3%BC")]
    public async Task The_store_s_spelling_of_the_key_stays(string location, string spelling)
    {
        await using var store = await StoreServer.StartAsync();
        store.Take = context => context.Request.Method != "POST" ? null : context.Response.WriteAsync(
            $"<CompleteMultipartUploadResult><Location>{SecurityElement.Escape(location)}</Location>"
            + "<ETag>\"e\"</ETag></CompleteMultipartUploadResult>");
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, null);
        var done = await proxy.SendAsync("POST", "/bucket/a/b%20c%26%C3%BC?uploadId=u", "<CompleteMultipartUpload/>");
        Assert.Equal([$"http://{proxy.Endpoint.Authority}/bucket/{spelling}", "\"e\""],
            XElement.Parse(done.Text).Elements().Select(static element => element.Value));
    }

    [Fact, Trait("Rule", "W1")]
    public async Task The_built_in_store_spells_it_as_S3_does()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null);
        await proxy.SendAsync("PUT", "/bucket");
        const string Path = "/bucket/a/b%20c%26%C3%BC";
        var upload = (await proxy.SendAsync("POST", $"{Path}?uploads")).Text.Split("<UploadId>")[1].Split('<')[0];
        var part = await proxy.SendAsync("PUT", $"{Path}?partNumber=1&uploadId={upload}", "part");
        var done = await proxy.SendAsync(
            "POST",
            $"{Path}?uploadId={upload}",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>"
            + $"<ETag>{part.Headers["ETag"]}</ETag></Part></CompleteMultipartUpload>");
        var document = XElement.Parse(done.Text);
        Assert.Equal(Key, document.Element(document.Name.Namespace + "Key")!.Value);
        var location = document.Element(document.Name.Namespace + "Location")!.Value;
        Assert.Equal($"http://{proxy.Endpoint.Authority}/bucket/a%2Fb%20c%26%C3%BC", location);
        Assert.Equal("part", (await proxy.SendAsync("GET", new Uri(location).AbsolutePath)).Text);
    }
}
