using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Overlay.Writes;

/// <summary>
/// Undoes what a failed request left in the store. Only that request knows about it, so the undo is retried when a store fails for a
/// moment.
/// </summary>
internal static class Compensation
{
    private const int Attempts = 3;

    /// <summary>Runs the undo, with retries. Throws the last failure.</summary>
    /// <param name="undo">Undoes everything from the start: a failed attempt may have taken effect.</param>
    public static async Task RunAsync(Func<Task> undo)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await undo();
                return;
            }
            catch (Exception failure) when (attempt < Attempts && MayPass(failure))
            {
                // Retry.
            }
        }
    }

    private static bool MayPass(Exception failure) => failure is IOException or S3Exception { Error.Status: >= 500 };
}
