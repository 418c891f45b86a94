namespace S3Overlay.Tests.Support;

/// <summary>Rings whenever something was recorded, so that a waiting test checks its condition then and need not poll.</summary>
internal sealed class Bell
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Rings the bell.</summary>
    public void Ring() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();

    /// <summary>Waits until a condition on the recorded events holds.</summary>
    /// <param name="holds">The condition; nothing makes it hold without ringing.</param>
    /// <param name="otherwise">The message if the condition never holds.</param>
    public async Task UntilAsync(Func<bool> holds, Func<string> otherwise)
    {
        while (true)
        {
            // Taken before the check, so that a later event completes it.
            var next = Volatile.Read(ref _next).Task;
            if (holds())
            {
                return;
            }

            try
            {
                await next.WaitAsync(Patience.Limit);
            }
            catch (TimeoutException)
            {
                Assert.Fail(otherwise());
            }
        }
    }
}
