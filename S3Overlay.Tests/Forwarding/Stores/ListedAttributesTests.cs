using System.Security.Cryptography;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding.Stores;

/// <summary>
/// Attributes of objects in a store's listing beyond size and date. A bucket with a remote shows them as one without (rules T1, T2).
/// </summary>
[Trait("Rule", "T1")]
[Trait("Rule", "L1")]
public sealed class ListedAttributesTests
{
    [Theory]
    [InlineData("SHA256", "x-amz-checksum-sha256")]
    [InlineData("SHA512", "x-amz-checksum-sha512")]
    public async Task Which_checksums_an_object_has_is_in_the_list(string name, string header)
    {
        var value = Convert.ToBase64String(name == "SHA256" ? SHA256.HashData("value"u8) : SHA512.HashData("value"u8));
        await using var store = await StoreServer.StartAsync();
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        await proxy.SendAsync("PUT", "/bucket");
        await proxy.SendAsync("PUT", "/bucket/k", "value", (header, value));
        foreach (var target in (string[])["/bucket?list-type=2", "/bucket", "/bucket?versions"])
        {
            var list = await proxy.SendAsync("GET", target);
            Assert.Contains($"<ChecksumAlgorithm>{name}</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>", list.Text,
                StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// A store lists the attribute only on request, so the proxy requests it. A value the proxy does not know must not fail the list.
    /// </summary>
    [Fact]
    public async Task The_restore_status_is_shown_on_request_and_unknown_attributes_are_ignored()
    {
        await using var store = await StoreServer.StartAsync();
        await using var remote = await ScriptedRemote.StartAsync();
        await using var proxy = await OverlayHost.StartAsync(store.Endpoint, remote.Endpoint);
        await proxy.SendAsync("PUT", "/bucket");
        store.Take = context => context.Request.Method == "GET" && context.Request.Path == "/bucket"
            && context.Request.Query.ContainsKey("list-type") ? ListAsync(context) : null;
        var wish = ("x-amz-optional-object-attributes", "RestoreStatus");
        var list = await proxy.SendAsync("GET", "/bucket?list-type=2", null, wish);
        Assert.True(list.Status == 200, list.Text);
        Assert.Contains(
            "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>"
            + "<RestoreExpiryDate>2026-12-01T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>", list.Text, StringComparison.Ordinal);
        Assert.Contains("<StorageClass>GLACIER</StorageClass>", list.Text, StringComparison.Ordinal);
        Assert.Contains("<ChecksumAlgorithm>NEWHASH</ChecksumAlgorithm>", list.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("RestoreStatus", (await proxy.SendAsync("GET", "/bucket?list-type=2")).Text, StringComparison.Ordinal);

        static Task ListAsync(HttpContext context)
        {
            var asked = context.Request.Headers["x-amz-optional-object-attributes"] == "RestoreStatus";
            context.Response.ContentType = "application/xml";
            return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(
                "<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated><Contents>\n <Key>k</Key>"
                + "<LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                + "<ETag>&quot;e&quot;</ETag><ChecksumAlgorithm>NEWHASH</ChecksumAlgorithm><Size>5</Size><Owner><ID>me</ID></Owner>"
                + "<UserMetadata><Items><Entry><Key>other</Key></Entry></Items><X-Meta>v</X-Meta></UserMetadata>"
                + "<StorageClass>GLACIER</StorageClass>"
                + (asked ? "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>"
                + "<RestoreExpiryDate>2026-12-01T00:00:00.000Z</RestoreExpiryDate></RestoreStatus>" : "")
                + "</Contents></ListBucketResult>")).AsTask();
        }
    }
}
