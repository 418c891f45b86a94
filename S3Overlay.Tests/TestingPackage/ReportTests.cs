using Amazon.S3;
using Amazon.S3.Model;

using S3Overlay.Testing;

using Xunit;

namespace Shop.Tests;

/// <summary>The code under test: moves the reports of a year into the archive.</summary>
public sealed class Archiver(IAmazonS3 s3)
{
    public async Task ArchiveAsync(int year)
    {
        var reports = await s3.ListObjectsV2Async(new() { BucketName = "reports", Prefix = $"{year}/" });
        foreach (var report in reports.S3Objects ?? [])
        {
            await s3.CopyObjectAsync("reports", report.Key, "reports", $"archive/{report.Key}");
            await s3.DeleteObjectAsync("reports", report.Key);
        }
    }
}

/// <summary>One overlay for all tests of a class. Its remote has two reports, and is only ever read.</summary>
public sealed class ReportsOverlay : IAsyncLifetime
{
    public S3OverlayServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await S3OverlayServer.StartAsync(o => o
        .ScriptedRemote(remote => remote.Bucket("reports")
            .Object("2024/may.csv", "product,sold")
            .Object("2025/june.csv", "product,sold,returned"))
        .Cache());

    public async Task DisposeAsync() => await Server.DisposeAsync();
}

public sealed class ReportTests(ReportsOverlay reports) : IClassFixture<ReportsOverlay>, IAsyncLifetime
{
    private readonly S3OverlayServer _overlay = reports.Server;

    // Each test begins with the remote as it is.
    public Task InitializeAsync()
    {
        _overlay.Remote.Recovers().ClearRequests();
        return _overlay.ResetAsync();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Reports_of_the_year_move_into_the_archive()
    {
        await new Archiver(_overlay.Client).ArchiveAsync(2024);

        var changes = await _overlay.Changes().Select(change => change.ToString()).ToListAsync();
        Assert.Equal(["D reports/2024/may.csv", "A reports/archive/2024/may.csv"], changes);
    }

    [Fact]
    public async Task A_year_without_reports_changes_nothing()
    {
        await new Archiver(_overlay.Client).ArchiveAsync(1999);

        Assert.Empty(await _overlay.Changes().ToListAsync());
        Assert.DoesNotContain(_overlay.Remote.Requests, request => request.Key.Length > 0);
    }

    [Fact]
    public async Task A_report_that_cannot_be_read_stays()
    {
        _overlay.Remote.Bucket("reports")["2025/june.csv"].Fails(403);

        await Assert.ThrowsAsync<AmazonS3Exception>(() => new Archiver(_overlay.Client).ArchiveAsync(2025));

        Assert.Empty(await _overlay.Changes().ToListAsync());
    }
}
