// PERMISSION_DENIED
export default () => { $state.secret = 1; };
