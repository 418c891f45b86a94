using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Contract;

/// <summary>Archived objects of the built-in store are readable at once, and clients see that.</summary>
[Trait("Rule", "A1")]
public sealed class RestoreTests
{
    private const string Week = "<RestoreRequest><Days>7</Days></RestoreRequest>";

    [Fact]
    public async Task Archived_objects_are_restored_and_others_cannot_be()
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null);
        Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket")).Status);
        foreach (var name in (string[])["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", "STANDARD"])
        {
            Assert.Equal(200, (await proxy.SendAsync("PUT", "/bucket/" + name, "text", ("x-amz-storage-class", name))).Status);
            var isArchived = name is "GLACIER" or "DEEP_ARCHIVE";
            foreach (var method in (string[])["HEAD", "GET"])
            {
                var shown = (await proxy.SendAsync(method, "/bucket/" + name)).Headers.GetValueOrDefault("x-amz-restore", "");
                Assert.Equal(isArchived, shown.Contains("ongoing-request=\"false\"", StringComparison.Ordinal));
            }

            var restored = await proxy.SendAsync("POST", $"/bucket/{name}?restore", Week);
            Assert.Equal(isArchived ? (200, "") : (403, "InvalidObjectState"), (restored.Status, restored.Code ?? ""));
        }
    }

    [Theory]
    [InlineData("GLACIER", "", 400)]
    [InlineData("GLACIER", "<Restore/>", 400)]
    [InlineData("GLACIER", "<RestoreRequest/>", 400)]
    [InlineData("GLACIER", "<RestoreRequest><Days>0</Days></RestoreRequest>", 400)]
    [InlineData("GLACIER", "<RestoreRequest><Type>SELECT</Type></RestoreRequest>", 501)]
    [InlineData("absent", Week, 404)]
    public async Task What_S3_refuses_is_refused(string key, string body, int status)
    {
        await using var proxy = await OverlayHost.StartEmbeddedAsync(null);
        await proxy.SendAsync("PUT", "/bucket");
        await proxy.SendAsync("PUT", "/bucket/GLACIER", "text", ("x-amz-storage-class", "GLACIER"));
        Assert.Equal(status, (await proxy.SendAsync("POST", $"/bucket/{key}?restore", body)).Status);
    }
}
