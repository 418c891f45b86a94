using System.Globalization;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>Whether there is room left where a folder is.</summary>
/// <param name="Subject">What it is: <c>free space</c>.</param>
/// <param name="Folder">The folder.</param>
/// <param name="Setting">The setting that names it.</param>
internal sealed record SpaceCheck(string Subject, string Folder, string Setting) : ICheck
{
    /// <summary>With less, hardly a write gets through.</summary>
    private const long Least = 64L << 20;

    /// <summary>With less, it is soon full.</summary>
    private const long Little = 1L << 30;

    /// <inheritdoc/>
    public Task<Finding> RunAsync(CancellationToken cancellationToken) => Task.Run(Look, cancellationToken);

    private Finding Look()
    {
        long free;
        try
        {
            free = new DriveInfo(FolderCheck.NearestOf(Folder)).AvailableFreeSpace;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Found(Verdict.Undecided, $"Cannot read how much space is left for {Folder}: {failure.Message}");
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1 << 30):0.0} GiB are free for {Folder}.");
        return free < Least ? Found(Verdict.Failed, text, $"Make room on that disk, or set {Setting} to a folder on another.")
            : free < Little ? Found(Verdict.Undecided, text, $"Make room on that disk soon, or set {Setting} to a folder on another.")
            : Found(Verdict.Passed, text);
    }

    private Finding Found(Verdict verdict, string message, string? remedy = null) =>
        new(Subject, verdict, message, remedy) { Setting = Setting };
}
