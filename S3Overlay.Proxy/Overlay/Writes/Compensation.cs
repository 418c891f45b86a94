using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Takes back what a request that came to nothing has left in the store. Nobody but the request knows of it, so that what is not taken back
/// now stays: a store that fails for a moment is asked again.
/// </summary>
internal static class Compensation
{
    private const int Attempts = 3;

    /// <summary>Does so, and says at last why it could not be done.</summary>
    /// <param name="takeBack">Takes it back, from its beginning: what failed may have taken effect.</param>
    public static async Task RunAsync(Func<Task> takeBack)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await takeBack();
                return;
            }
            catch (Exception failure) when (attempt < Attempts && MayPass(failure))
            {
                // Asked again.
            }
        }
    }

    private static bool MayPass(Exception failure) => failure is IOException or S3Exception { Error.Status: >= 500 };
}
