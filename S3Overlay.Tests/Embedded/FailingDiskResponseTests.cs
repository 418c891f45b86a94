using S3Overlay.Tests.Model;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Embedded;

/// <summary>
/// What clients see when a full disk fails any step of a request, loses it in a power cut, or fails to remove something: either 507
/// InsufficientStorage, or success (table F).
/// </summary>
[Trait("Rule", "F-full")]
public sealed class FailingDiskResponseTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(int.MaxValue)]
    public async Task A_full_disk_is_reported_as_such_for_every_operation(int count)
    {
        var trouble = new DiskTrouble();
        await using var host = await OverlayHost.StartOnDiskAsync(new TroubledDisk(trouble), null);
        await host.SendAsync("PUT", "/bucket");
        await SweepAsync("an object", () => host.SendAsync("PUT", "/bucket/key", "some bytes"));
        await SweepAsync("a large object", () => host.SendAsync("PUT", "/bucket/large", new string('x', 600_000)));
        await SweepAsync("tags", () => host.SendAsync("PUT", "/bucket/key?tagging",
            "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"));
        await SweepAsync("a new upload", () => host.SendAsync("POST", "/bucket/begun?uploads"));
        HttpUpload upload = null!;
        RawResponse part = null!;
        await SweepAsync("a part", () => upload.SendAsync(1, new byte[10]), BeginAsync);
        await SweepAsync("a completion", () => upload.CompleteAsync(HttpUpload.Name(1, part)), BeginWithPartAsync);
        await SweepAsync("a delete", () => host.SendAsync("DELETE", "/bucket/gone"),
            () => host.SendAsync("PUT", "/bucket/gone", "some bytes"));
        await SweepAsync("a new bucket", () => host.SendAsync("PUT", "/other"), () => host.SendAsync("DELETE", "/other"));
        await SweepAsync("a bucket's end", () => host.SendAsync("DELETE", "/other"), () => host.SendAsync("PUT", "/other"));

        async Task BeginAsync() => upload = await HttpUpload.StartAsync(host.Http, "/bucket/upload");

        async Task BeginWithPartAsync()
        {
            await BeginAsync();
            part = await upload.SendAsync(1, new byte[10]);
        }

        async Task SweepAsync(string what, Func<Task<RawResponse>> ask, Func<Task>? prepare = null)
        {
            for (var (step, hasHappened) = (0, true); hasHappened; step++)
            {
                await (prepare?.Invoke() ?? Task.CompletedTask);
                trouble.Begin(DiskFault.Full, step, count, DiskSteps.All);
                var response = await ask();
                hasHappened = trouble.Happened;
                trouble.End();
                var status = LateErrors.StatusOf(response) ?? response.Status;
                Assert.True(status is 200 or 204 or 507, $"{what}, step {step}: {response.Status} {response.Text}");
                Assert.True(hasHappened || status != 507, $"{what}, step {step}: {response.Text}, and nothing has failed.");
                Assert.InRange((await ask()).Status, 200, 404);
            }
        }
    }
}
