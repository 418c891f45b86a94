using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>Whether a folder can be used by this user, and whether it is the proxy's own.</summary>
/// <param name="Subject">What it is for: <c>data folder</c>.</param>
/// <param name="Folder">The folder.</param>
/// <param name="Setting">The setting that names it.</param>
/// <param name="IsStore">Whether it is the built-in store's.</param>
internal sealed record FolderCheck(string Subject, string Folder, string Setting, bool IsStore) : ICheck
{
    /// <inheritdoc/>
    public Task<Finding> RunAsync(CancellationToken cancellationToken) => Task.Run(Look, cancellationToken);

    /// <summary>The folder, or the nearest one above it that is there.</summary>
    internal static string NearestOf(string folder)
    {
        var nearest = Path.GetFullPath(folder);
        while (!Directory.Exists(nearest) && !File.Exists(nearest) && Path.GetDirectoryName(nearest) is { } above)
        {
            nearest = above;
        }

        return nearest;
    }

    private Finding Look()
    {
        var nearest = NearestOf(Folder);
        try
        {
            if (IsStore)
            {
                EmbeddedStore.RequireOwn(Folder);
            }

            using var trial = new FileStream(
                Path.Combine(nearest, ".s3overlay-doctor-" + Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.Write,
                FileShare.None, 1, FileOptions.DeleteOnClose);
            return Found(Verdict.Passed, nearest == Path.GetFullPath(Folder) ? $"{Folder} can be written to."
                : $"{Folder} is not there yet, and can be made.");
        }
        catch (StoreUnavailableException refusal)
        {
            return Found(Verdict.Failed, refusal.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Found(
                Verdict.Failed,
                File.Exists(nearest) ? $"{nearest} is a file, so that {Folder} cannot be a folder."
                    : $"{Folder} cannot be written to by this user ({Environment.UserName}).",
                $"Let this user write there, or set {Setting} to another folder.");
        }
    }

    private Finding Found(Verdict verdict, string message, string? remedy = null) =>
        new(Subject, verdict, message, remedy) { Setting = Setting };
}
