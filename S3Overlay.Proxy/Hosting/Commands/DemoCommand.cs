namespace S3Overlay.Proxy.Hosting.Commands;
internal static class DemoCommand { public static Task<int> RunAsync(string[] a) => Task.FromResult(0); }
